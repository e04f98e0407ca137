// The axis of events that all lie in memory.
#include "accumulate/accumulator.hpp"

#include <algorithm>
#include <limits>

#include "core/multiversion.hpp"

namespace aestream {

AESTREAM_MULTIVERSION
TimeSpan times_of(ConstEventSpan events) {
  if (events.empty()) return {};
  std::int64_t latest = events.front().t;
  for (const Event& event : events) latest = std::max(latest, event.t);
  return {events.front().t, latest == std::numeric_limits<std::int64_t>::max() ? latest : latest + 1};
}

std::size_t accumulate_span(ConstEventSpan events, const TimeSpan* window, Accumulator& accumulator, std::uint8_t* out,
                            bool is_zeroed) {
  const Needs needs = accumulator.needs();
  Axis axis;
  if (needs == Needs::Events || (needs == Needs::Window && window == nullptr)) axis.events = times_of(events);
  axis.window = window == nullptr ? axis.events : *window;
  axis.count = events.size();
  axis.is_zeroed = is_zeroed;
  accumulator.begin(out, axis);
  accumulator.consume(events);
  return accumulator.finish();
}

}  // namespace aestream
