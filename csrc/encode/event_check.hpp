// Which events a sensor and a format can hold: every event is looked at before the first of them is written.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "core/event.hpp"

namespace aestream {

/// What can be said; the defaults are what an Event can hold.
struct EventLimits {
  std::int64_t max_x = 32767, max_y = 32767;
  std::int64_t min_t = std::numeric_limits<std::int64_t>::min(), max_t = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_first_t = max_t;
  std::uint64_t max_gap = std::numeric_limits<std::uint64_t>::max();   // microseconds after the event before
  std::uint64_t max_span = std::numeric_limits<std::uint64_t>::max();  // microseconds after the first event
  bool steps_back = true;
  // A clock that wraps: readers see times in ticks, and take a fall by more ticks than `max_fall` for a wrap.
  std::int64_t tick = 1, wrap = 0, max_fall = 0;  // microseconds, microseconds (0: no clock), ticks
};

struct Refusal {
  enum class Reason { X, Y, Early, Late, First, Gap, Span, Fall, FallTooFar };

  std::size_t index;  // of the event, among those of the call
  Reason reason;
};

class EventCheck {
 public:
  explicit EventCheck(const EventLimits& limits) : limits_(limits) {}

  /// The first event that cannot be written after those of earlier calls; these events count as written if there is none.
  std::optional<Refusal> check(ConstEventSpan events);

  std::uint64_t num_events() const { return count_; }
  std::int64_t last_time() const { return last_; }

 private:
  bool may_refuse(ConstEventSpan events, std::int64_t last) const;
  std::optional<Refusal::Reason> refuse(const Event& event, std::int64_t last) const;
  std::optional<Refusal::Reason> refuse_fall(std::int64_t t, std::int64_t last) const;

  EventLimits limits_;
  std::uint64_t count_ = 0;
  std::int64_t first_ = 0, last_ = 0;
};

}  // namespace aestream
