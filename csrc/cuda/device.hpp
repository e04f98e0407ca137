// What launching needs of a device: one interface for the driver's and for any other that runs the kernels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace aestream::cuda {

struct Limits {
  unsigned multiprocessors = 1;
  std::size_t shared_bytes = 48 << 10;  // that one block may ask for
};

/// A stream of a device: what is asked for happens in order, after the call has returned.
class Device {
 public:
  virtual ~Device() = default;

  virtual Limits limits() const = 0;

  /// Runs a kernel of csrc/accumulate/cuda, whose one argument is the struct at `params`, with a grid of x by y blocks.
  virtual void launch(const char* kernel, unsigned x, unsigned y, unsigned threads, std::size_t shared_bytes,
                      const void* params) = 0;

  /// Writes `count` words to memory of the device.
  virtual void fill(void* memory, std::uint32_t word, std::size_t count) = 0;
};

}  // namespace aestream::cuda
