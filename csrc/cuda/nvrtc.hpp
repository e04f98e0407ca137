// NVIDIA's run-time compiler, as torch's wheel brings it: the embedded kernels in, a cubin out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/library.hpp"

namespace aestream::cuda {

/// What to compile for: machine code of an architecture, or PTX, which the driver translates for a newer one.
struct Target {
  int architecture = 0;  // 90 for a GPU of capability 9.0
  bool is_ptx = false;

  /// As the compiler's option spells it, such as "sm_90".
  std::string name() const;
};

struct Compiled {
  std::vector<std::uint8_t> image;
  std::string log;  // what the compiler had to say; empty if nothing
};

class Nvrtc {
 public:
  explicit Nvrtc(const std::string& path);

  /// Such as "13.0".
  std::string version() const;

  /// What it compiles for, in rising order.
  std::vector<int> architectures() const;

  /// The best for a GPU of this capability (90 for 9.0). Throws CudaError where the GPU is too old for this compiler.
  Target target(int capability) const;

  /// Throws CudaError with the compiler's log. `options` are added to ours.
  Compiled compile(const Target& target, const std::vector<std::string>& options = {}) const;

 private:
  class Program;
  template <class... Arguments>
  void call(const char* name, Arguments... arguments) const;

  Library library_;
};

/// The hash of the sources and of the options that they are compiled with.
std::uint64_t kernel_hash();

}  // namespace aestream::cuda
