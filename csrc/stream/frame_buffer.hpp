// The frame behind read(): how many events each pixel had, indexed x first.
#pragma once

#include "accumulate/accumulator.hpp"
#include "core/buffer_pool.hpp"

namespace aestream {

/// float32 [width, height], zeros at first.
class FrameBuffer {
 public:
  explicit FrameBuffer(Geometry geometry);

  /// Adds one to the pixel of each event. Returns how many lay on the sensor.
  std::size_t add(ConstEventSpan events);

  /// Hands the memory out; this is the end of the frame.
  Buffer release() && { return std::move(memory_); }

 private:
  Geometry geometry_;
  Buffer memory_;
};

}  // namespace aestream
