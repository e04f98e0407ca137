// The order in which kernels are looked for, and how one is found in what was loaded.
#include "cuda/kernels.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/bytes.hpp"
#include "core/mapped_file.hpp"
#include "cuda/error.hpp"
#include "cuda/image_cache.hpp"
#include "cuda/nvrtc.hpp"

namespace aestream::cuda {
namespace {

int device_of(const Driver& driver, int ordinal) {
  int device = 0;
  driver.device_get(&device, ordinal);
  return device;
}

int attribute(const Driver& driver, int device, Attribute which) {
  int value = 0;
  driver.device_attribute(&value, which, device);
  return value;
}

/// Whether the error says that an image is not for this device or driver; another one may be.
bool is_about_image(const CudaError& error) {
  const std::array codes{invalid_image, no_binary_for_gpu, invalid_ptx, unsupported_ptx_version,
                         jit_compilation_disabled};
  return std::find(codes.begin(), codes.end(), error.code()) != codes.end();
}

/// Whether a fatbin is as long as it says: the driver is given no length.
bool is_whole_fatbin(ByteSpan bytes) {
  constexpr std::uint32_t magic = 0xba55ed50;
  if (bytes.size() < 16 || load_le32(&bytes[0]) != magic) return false;
  const std::size_t head = load_le16(&bytes[6]);
  return head <= bytes.size() && load_le64(&bytes[8]) <= bytes.size() - head;
}

std::string cache_key(const Nvrtc& nvrtc, const Target& target) {
  std::array<char, 17> hash{};
  std::snprintf(hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(kernel_hash()));
  return std::string(hash.data()) + "-" + target.name() + "-nvrtc-" + nvrtc.version();
}

}  // namespace

PrimaryContext::PrimaryContext(const Driver& driver, int device) : driver_(driver), device_(device) {
  driver_.context_retain(&handle_, device_);
}

Kernels::Kernels(const Driver& driver, int ordinal, const KernelPlaces& places)
    : driver_(driver), device_(device_of(driver, ordinal)), context_(driver, device_) {
  std::array<char, 256> name{};
  driver_.device_name(name.data(), static_cast<int>(name.size()) - 1, device_);
  name_ = name.data();
  capability_ = 10 * attribute(driver_, device_, capability_major) + attribute(driver_, device_, capability_minor);
  limits_.multiprocessors = static_cast<unsigned>(attribute(driver_, device_, multiprocessor_count));
  limits_.shared_bytes = static_cast<std::size_t>(attribute(driver_, device_, max_shared_memory_per_block_optin));
  const PrimaryContext::Use use(context_);
  load(places);
}

Kernels::~Kernels() {
  try {
    const PrimaryContext::Use use(context_);
    driver_.module_unload.quietly(module_);
  } catch (const std::exception&) {  // the driver has ended before us
  }
}

void Kernels::load(const KernelPlaces& places) {
  if (try_fatbin(places.fatbin)) {
    origin_ = "fatbin";
    return;
  }
  if (places.nvrtc.empty())
    throw CudaError(
        "NVRTC, which compiles the kernels, is missing: torch's CUDA wheel brings it, or the package "
        "nvidia-cuda-nvrtc");
  const Nvrtc nvrtc(places.nvrtc);
  const Target target = nvrtc.target(capability_);
  const ImageCache cache(places.cache);
  const std::string key = cache_key(nvrtc, target);
  if (const auto kept = cache.read(key); kept && try_load(kept->data())) {
    origin_ = "cache";
    return;
  }
  const Compiled compiled = nvrtc.compile(target);
  driver_.module_load(&module_, compiled.image.data());
  origin_ = "nvrtc";
  cache.write(key, compiled.image);
}

bool Kernels::try_load(const void* image) {
  try {
    driver_.module_load(&module_, image);
    return true;
  } catch (const CudaError& error) {
    if (!is_about_image(error)) throw;
    return false;
  }
}

bool Kernels::try_fatbin(const std::string& path) {
  if (path.empty()) return false;
  const MappedFile file(path);
  return is_whole_fatbin(file.bytes()) && try_load(file.bytes().data());
}

FunctionHandle Kernels::find(const char* name, std::size_t shared_bytes) {
  const std::lock_guard lock(mutex_);
  auto place = found_.find(std::string_view(name));
  if (place == found_.end()) {
    Found found;
    driver_.module_function(&found.handle, module_, name);
    place = found_.emplace(name, found).first;
  }
  Found& found = place->second;
  if (shared_bytes > found.shared_bytes) {
    driver_.function_attribute(found.handle, max_dynamic_shared_size_bytes, static_cast<int>(shared_bytes));
    found.shared_bytes = shared_bytes;
  }
  return found.handle;
}

}  // namespace aestream::cuda
