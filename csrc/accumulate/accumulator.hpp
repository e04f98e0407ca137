// What turns the events of one window into one dense tensor: fed block by block, so that no event array is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/event.hpp"

namespace aestream {

struct Geometry {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

class Accumulator {
 public:
  virtual ~Accumulator() = default;

  /// Bytes of one tensor.
  virtual std::size_t size() const = 0;

  /// Whether begin()'s times matter.
  virtual bool needs_times() const { return false; }

  /// Starts the tensor of the window [start_us, stop_us) in `out`, which is uninitialised and 64-byte aligned.
  virtual void begin(std::uint8_t* out, std::int64_t start_us, std::int64_t stop_us) = 0;

  virtual void consume(ConstEventSpan events) = 0;

  /// Completes the tensor. Returns how many events lay outside the sensor: they are counted and not drawn.
  virtual std::size_t finish() = 0;
};

/// One accumulator per thread.
using AccumulatorFactory = std::function<std::unique_ptr<Accumulator>()>;

}  // namespace aestream
