// The few functions of NVRTC by name, and one compilation from its sources to its image.
#include "cuda/nvrtc.hpp"

#include <algorithm>

#include "cuda/error.hpp"
#include "cuda/fingerprint.hpp"
#include "cuda/kernel_sources.hpp"

namespace aestream::cuda {
namespace {

/// Products and sums are rounded one by one, as on the CPU, so that both give the same tensors.
constexpr const char* options_of_all[] = {"--std=c++17", "--fmad=false"};
constexpr const char* main_source = "#include \"kernels.cuh\"\n";

}  // namespace

std::string Target::name() const { return (is_ptx ? "compute_" : "sm_") + std::to_string(architecture); }

Nvrtc::Nvrtc(const std::string& path) : library_(path, "NVRTC, which compiles the kernels, cannot be opened") {
  // NVRTC opens its other half by name alone, which finds it only where it is open already.
  library_.open_beside("libnvrtc-builtins.so." + version());
}

template <class... Arguments>
void Nvrtc::call(const char* name, Arguments... arguments) const {
  const int status = reinterpret_cast<int (*)(Arguments...)>(library_.find(name))(arguments...);
  if (status == 0) return;
  const auto text = reinterpret_cast<const char* (*)(int)>(library_.find("nvrtcGetErrorString"));
  throw CudaError(std::string(name) + ": " + text(status) + " (NVRTC " + version() + ")", status);
}

/// One compilation, freed at its end.
class Nvrtc::Program {
 public:
  explicit Program(const Nvrtc& nvrtc) : nvrtc_(nvrtc) {
    nvrtc_.call("nvrtcCreateProgram", &program_, main_source, "aestream", static_cast<int>(kernel_sources),
                &kernel_texts[0], &kernel_names[0]);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    const auto destroy = reinterpret_cast<int (*)(void**)>(nvrtc_.library_.find("nvrtcDestroyProgram"));
    static_cast<void>(destroy(&program_));
  }

  void compile(const std::vector<const char*>& options) {
    nvrtc_.call("nvrtcCompileProgram", program_, static_cast<int>(options.size()), options.data());
  }

  /// What one of the pairs of functions nvrtcGet…Size and nvrtcGet… gives.
  template <class Bytes>
  Bytes get(const char* size_name, const char* name) const {
    std::size_t size = 0;
    nvrtc_.call(size_name, program_, &size);
    Bytes bytes(size, {});
    nvrtc_.call(name, program_, reinterpret_cast<char*>(bytes.data()));
    return bytes;
  }

  std::string log() const {
    std::string log = get<std::string>("nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
    log.resize(log.find_last_not_of(std::string("\0\n ", 3)) + 1);
    return log;
  }

 private:
  const Nvrtc& nvrtc_;
  void* program_ = nullptr;
};

std::string Nvrtc::version() const {
  int major = 0;
  int minor = 0;
  const auto get = reinterpret_cast<int (*)(int*, int*)>(library_.find("nvrtcVersion"));
  static_cast<void>(get(&major, &minor));
  return std::to_string(major) + "." + std::to_string(minor);
}

std::vector<int> Nvrtc::architectures() const {
  int count = 0;
  call("nvrtcGetNumSupportedArchs", &count);
  std::vector<int> architectures(static_cast<std::size_t>(count));
  call("nvrtcGetSupportedArchs", architectures.data());
  std::sort(architectures.begin(), architectures.end());
  return architectures;
}

Target Nvrtc::target(int capability) const {
  const std::vector<int> known = architectures();
  const auto next = std::upper_bound(known.begin(), known.end(), capability);
  if (next == known.begin()) {
    throw CudaError("the GPU is of capability " + std::to_string(capability / 10) + "." +
                    std::to_string(capability % 10) + ", too old for NVRTC " + version());
  }
  const int architecture = next[-1];
  // Machine code runs on later GPUs of the same major version only.
  return {architecture, architecture / 10 != capability / 10};
}

Compiled Nvrtc::compile(const Target& target, const std::vector<std::string>& options) const {
  const std::string architecture = "--gpu-architecture=" + target.name();
  std::vector<const char*> all{architecture.c_str()};
  all.insert(all.end(), std::begin(options_of_all), std::end(options_of_all));
  for (const std::string& option : options) all.push_back(option.c_str());
  Program program(*this);
  try {
    program.compile(all);
  } catch (const CudaError& error) {
    throw CudaError("the kernels do not compile for " + target.name() + ": " + error.what() + "\n" + program.log(),
                    error.code());
  }
  using Image = std::vector<std::uint8_t>;
  return {target.is_ptx ? program.get<Image>("nvrtcGetPTXSize", "nvrtcGetPTX")
                        : program.get<Image>("nvrtcGetCUBINSize", "nvrtcGetCUBIN"),
          program.log()};
}

std::uint64_t kernel_hash() {
  std::uint64_t hash = fingerprint(main_source);
  for (const char* option : options_of_all) hash = fingerprint(option, hash);
  for (std::size_t i = 0; i < kernel_sources; ++i) {
    hash = fingerprint(kernel_texts[i], fingerprint(kernel_names[i], hash));
  }
  return hash;
}

}  // namespace aestream::cuda
