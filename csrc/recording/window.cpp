// Cutting windows out of a cursor's blocks.
#include "recording/window.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "accumulate/event_list.hpp"
#include "accumulate/mapped.hpp"
#include "core/multiversion.hpp"
#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::size_t group = 32;  // events that share one look

AESTREAM_MULTIVERSION
std::size_t count_groups_before(const Event* events, std::size_t groups, std::int64_t time) {
  for (std::size_t i = 0; i < groups; ++i) {
    std::int64_t latest = events[i * group].t;
    for (std::size_t k = 1; k < group; ++k) latest = std::max(latest, events[i * group + k].t);
    if (latest >= time) return i;
  }
  return groups;
}

/// The times of the events of both.
TimeSpan joined(const std::optional<TimeSpan>& before, const TimeSpan& after) {
  return before ? TimeSpan{before->start, std::max(before->stop, after.stop)} : after;
}

constexpr std::size_t most_collected = std::size_t{1} << 21;  // events of a window that may be decoded twice

/// The events of a window as long as they are few, and then what has to be known of them.
class Collected {
 public:
  explicit Collected(std::size_t most) : most_(most) {}

  void add(ConstEventSpan events) {
    count_ += events.size();
    if (count_ <= most_) return list_.add(events);
    if (list_.events().size() > 0) span_ = times_of(std::exchange(list_, {}).events());
    span_ = joined(span_, times_of(events));
  }

  ConstEventSpan events() const { return list_.events(); }
  std::size_t count() const { return count_; }

  /// The times of all of them, if they were too many.
  const std::optional<TimeSpan>& span() const { return span_; }

 private:
  std::size_t most_, count_ = 0;
  EventList list_;
  std::optional<TimeSpan> span_;
};

}  // namespace

std::size_t count_before(ConstEventSpan events, std::int64_t time) {
  std::size_t i = count_groups_before(events.data(), events.size() / group, time) * group;
  while (i < events.size() && events[i].t < time) ++i;
  return i;
}

std::uint64_t visit(Cursor& cursor, std::uint64_t ordinal, const Window& window,
                    const std::function<bool(ConstEventSpan)>& consume) {
  std::uint64_t left = UINT64_MAX;
  if (!window.by_time) {
    const auto start = static_cast<std::uint64_t>(std::max<std::int64_t>(window.start, 0));
    left = static_cast<std::uint64_t>(std::max(window.stop, static_cast<std::int64_t>(start))) - start;
    cursor.skip(start - ordinal);
    ordinal = start;
  }
  bool started = !window.by_time;
  while (left > 0) {
    check_interrupt();
    ConstEventSpan events = cursor.next();
    if (events.empty()) break;
    if (!started) {
      const std::size_t before = count_before(events, window.start);
      events = events.subspan(before);
      ordinal += before;
      started = !events.empty();
    }
    const std::size_t count =
        window.by_time ? count_before(events, window.stop) : std::min<std::uint64_t>(events.size(), left);
    ordinal += count;
    if (count > 0 && !consume(events.first(count))) break;
    if (!window.by_time) left -= count;
    if (count < events.size()) break;
  }
  return ordinal;
}

Accumulated accumulate(Cursor& cursor, std::uint64_t ordinal, const Window& window, Accumulator& accumulator,
                       std::uint8_t* out, const CoordinateMap* map, const Reopen& again) {
  const Needs needs = accumulator.needs();
  const auto feed = [&](Cursor& from) {
    EventMapper mapper(map);
    return visit(from, ordinal, window, [&](ConstEventSpan events) {
      mapper.pass(events, [&](ConstEventSpan mapped) { accumulator.consume(mapped); });
      return true;
    });
  };
  if (needs == Needs::Nothing || (needs == Needs::Window && window.by_time)) {
    accumulator.begin(out, {{window.start, window.stop}, {}, 0});
    const std::uint64_t stop = feed(cursor);
    return {stop, accumulator.finish()};
  }
  EventMapper mapper(map);
  Collected collected(again ? most_collected : SIZE_MAX);
  std::optional<TimeSpan> times;
  if (window.by_time) times = {window.start, window.stop};
  const std::uint64_t stop = visit(cursor, ordinal, window, [&](ConstEventSpan events) {
    if (!window.by_time) times = joined(times, times_of(events));
    mapper.pass(events, [&](ConstEventSpan mapped) { collected.add(mapped); });
    return true;
  });
  if (const std::optional<TimeSpan>& span = collected.span()) {
    accumulator.begin(out, {times.value_or(*span), *span, collected.count()});
    feed(*again());
    return {stop, accumulator.finish()};
  }
  return {stop, accumulate_span(collected.events(), times ? &*times : nullptr, accumulator, out)};
}

void for_each_window(std::size_t count, const AccumulatorFactory& factory, std::size_t threads,
                     const std::function<void(std::size_t, Accumulator&)>& task) {
  const std::size_t workers = std::min(std::max<std::size_t>(threads, 1), count);
  std::atomic<std::size_t> next{0};
  parallel_for(workers, workers, [&](std::size_t) {
    const auto accumulator = factory();
    for (std::size_t i = next++; i < count; i = next++) task(i, *accumulator);
  });
}

}  // namespace aestream
