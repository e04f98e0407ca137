// From a representation to launches: what is cleared, which kernel counts, what finishes the tensors.
#pragma once

#include "accumulate/cuda/params.cuh"
#include "accumulate/representation.hpp"
#include "cuda/device.hpp"

namespace aestream {
class CoordinateMap;
}

namespace aestream::cuda {

/// Windows of events, all of them in the device's memory.
struct Batch {
  Source source;
  const CoordinateMap* map = nullptr;
  Geometry geometry;  // of the sensor that is drawn
  const Row* rows = nullptr;
  std::uint32_t row_count = 0;
  std::uint64_t event_count = 0;  // of all rows together
};

/// Whether there are kernels for all parts of a representation.
bool has_kernels(const Representation& representation);

/// Bytes that accumulate() needs beside the tensors, at most.
std::uint64_t scratch_bytes(const Representation& representation, const Batch& batch);

/// Starts the kernels that fill `out`, and returns. Both memories are 16-byte aligned, and `out` has room up to the next
/// multiple of 16 bytes.
void accumulate(const Representation& representation, const Batch& batch, void* out, void* scratch, Device& device);

}  // namespace aestream::cuda
