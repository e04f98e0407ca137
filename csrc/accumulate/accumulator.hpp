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

  std::size_t pixels() const noexcept { return std::size_t{width} * height; }
};

/// Half-open, in microseconds.
struct TimeSpan {
  std::int64_t start = 0;
  std::int64_t stop = 1;
};

/// What an accumulator has to know of a window before its first event.
enum class Needs { Nothing, Window, Events };

/// What is known of a window before its first event.
struct Axis {
  TimeSpan window;         // its edges; of a window by count, from its first event to after its latest
  TimeSpan events;         // from its first event to after its latest; only for those who need it
  std::size_t count = 0;   // of its events; only for those who need it
  bool is_zeroed = false;  // the tensor is, already
};

class Accumulator {
 public:
  virtual ~Accumulator() = default;

  /// Bytes of one tensor.
  virtual std::size_t size() const = 0;

  /// How much of begin()'s axis matters.
  virtual Needs needs() const { return Needs::Nothing; }

  /// Whether begin() would fill the tensor with zeros, or most of it: then is_zeroed spares it that.
  virtual bool starts_from_zeros() const { return false; }

  /// Starts a tensor in `out`, which is 64-byte aligned, and uninitialised unless the axis says otherwise.
  virtual void begin(std::uint8_t* out, const Axis& axis) = 0;

  virtual void consume(ConstEventSpan events) = 0;

  /// Completes the tensor. Returns how many events lay outside the sensor: they are counted and not drawn.
  virtual std::size_t finish() = 0;
};

/// One accumulator per thread.
using AccumulatorFactory = std::function<std::unique_ptr<Accumulator>()>;

/// From the first event's time to after the latest one's.
TimeSpan times_of(ConstEventSpan events);

/// The tensor of events that all lie in memory. Times that are not given are those of the events. Returns the number
/// outside the sensor.
std::size_t accumulate_span(ConstEventSpan events, const TimeSpan* window, Accumulator& accumulator, std::uint8_t* out,
                            bool is_zeroed = false);

}  // namespace aestream
