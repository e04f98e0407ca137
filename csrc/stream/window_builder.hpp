// One window of a stream, built while its events come: a tensor, or the events themselves.
#pragma once

#include <memory>
#include <vector>

#include "accumulate/accumulator.hpp"
#include "core/buffer_pool.hpp"
#include "recording/window.hpp"

namespace aestream {

/// A finished window, and what became of its events.
struct StreamItem {
  Buffer memory;            // the tensor, or events
  std::size_t events = 0;   // that it holds
  std::size_t outside = 0;  // outside the sensor, and so not in the tensor
  std::size_t dropped = 0;  // beyond what one window of events may hold
  TimeSpan times;           // of the window; by count, from its first event to after its latest
};

class WindowBuilder {
 public:
  virtual ~WindowBuilder() = default;
  /// `times` of a window by count are not known yet.
  virtual void begin(TimeSpan times) = 0;
  virtual void add(ConstEventSpan events) = 0;
  virtual StreamItem finish() = 0;
};

/// Tensors by `accumulator`, or arrays of at most `max_events` events if it is null; what comes beyond them is dropped.
/// A window has to be complete before an accumulator that needs what is known only then can start.
std::unique_ptr<WindowBuilder> make_window_builder(std::unique_ptr<Accumulator> accumulator, bool by_time,
                                                   std::size_t max_events);

}  // namespace aestream
