// Cutting windows: the rule of window.cpp, applied to events whose end is not known.
#include "stream/stream_windows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::int64_t latest_of_all = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t earliest_of_all = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t max_jump = 1000;            // windows
constexpr std::int64_t max_step_back = 1'000'000;  // microseconds
constexpr std::size_t group = 32;                  // events that share one look

/// The number of events that stand before the first one outside of [low, high).
AESTREAM_MULTIVERSION
std::size_t count_between(const Event* events, std::size_t count, std::int64_t low, std::int64_t high) {
  std::size_t i = 0;
  for (; i + group <= count; i += group) {
    bool outside = false;
    for (std::size_t k = i; k < i + group; ++k) outside |= (events[k].t < low) | (events[k].t >= high);
    if (outside) break;
  }
  while (i < count && events[i].t >= low && events[i].t < high) ++i;
  return i;
}

std::int64_t add_up_to_latest(std::int64_t time, std::int64_t span) {
  return time > latest_of_all - span ? latest_of_all : time + span;
}

}  // namespace

StreamWindows::StreamWindows(std::shared_ptr<EventSink> sink, bool by_time, std::int64_t length,
                             std::unique_ptr<Accumulator> accumulator)
    : sink_(std::move(sink)),
      by_time_(by_time),
      length_(length),
      builder_(make_window_builder(std::move(accumulator), by_time, sink_->capacity())) {}

std::int64_t StreamWindows::after(std::int64_t start) const { return add_up_to_latest(start, length_); }

void StreamWindows::begin_grid(std::int64_t start) {
  start_ = start;
  stop_ = after(start);
  has_grid_ = true;
}

/// Goes on to the next window, or to a new grid at `time` where that is not in sight.
void StreamWindows::follow(std::int64_t time) {
  const std::int64_t horizon = length_ > latest_of_all / max_jump ? latest_of_all : length_ * max_jump;
  const bool is_restart = time < start_;
  const bool is_far = time >= add_up_to_latest(stop_, horizon) || stop_ == latest_of_all;
  begin_grid(is_restart || is_far ? time : stop_);
}

/// Events of the block that belong to the window that is being built.
std::size_t StreamWindows::count_inside(ConstEventSpan events) const {
  if (!by_time_) return std::min(events.size(), static_cast<std::size_t>(length_) - held_);
  const std::int64_t low = start_ < earliest_of_all + max_step_back ? earliest_of_all : start_ - max_step_back;
  const std::size_t count = count_between(events.data(), events.size(), low, stop_);
  return held_ == 0 && start_ == latest_of_all ? std::max<std::size_t>(count, 1)
                                               : count;  // no time is after the latest
}

/// Adds what there is to windows. Returns true when one is complete.
bool StreamWindows::cut() {
  while (!block_.events().empty()) {
    const ConstEventSpan events = block_.events();
    if (!is_building_) {
      if (!has_grid_) {
        begin_grid(events.front().t);
      } else if (by_time_) {
        follow(events.front().t);
      }
      builder_->begin({start_, stop_});
      is_building_ = true;
    }
    const std::size_t inside = count_inside(events);
    builder_->add(events.first(inside));
    held_ += inside;
    block_.first += inside;
    if (by_time_ ? inside < events.size() : held_ == static_cast<std::size_t>(length_)) return true;
  }
  return false;
}

StreamItem StreamWindows::finish() {
  StreamItem item = builder_->finish();
  sink_->settle(item.events, item.outside, item.dropped);
  held_ = 0;
  is_building_ = false;
  return item;
}

EventSink::Wanted StreamWindows::wanted() const {
  EventSink::Wanted wanted;
  wanted.count = std::clamp<std::size_t>(sink_->capacity() / 2, 1, wanted.count);
  if (by_time_ && is_building_) {
    wanted.time = stop_;
  } else if (!by_time_) {
    wanted.time = latest_of_all;
    wanted.count = std::min(wanted.count, static_cast<std::size_t>(length_) - held_);
  }
  return wanted;
}

std::optional<StreamItem> StreamWindows::next(EventSink::Clock::time_point deadline,
                                              EventSink::Clock::duration patience) {
  ended_ = false;
  while (!cut()) {
    EventSink::Popped popped = sink_->pop(wanted(), deadline);
    block_ = std::move(popped.block);
    if (!block_.events().empty()) continue;
    const auto now = EventSink::Clock::now();
    if (popped.ended || now - popped.latest >= patience) {
      ended_ = true;
      has_grid_ = false;
      if (is_building_) return finish();
      sink_->rethrow();
      return std::nullopt;
    }
    if (now >= deadline) return std::nullopt;
  }
  return finish();
}

void StreamWindows::abandon() {
  sink_->push_front(std::move(block_));
  block_ = {};
  if (held_ > 0) sink_->settle(0, 0, held_);
  held_ = 0;
  is_building_ = has_grid_ = false;
}

}  // namespace aestream
