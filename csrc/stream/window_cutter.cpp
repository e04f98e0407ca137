// A quick look at groups of events for windows of time; an event at a time only where a gap is to be found.
#include "stream/window_cutter.hpp"

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

std::int64_t step_back_from(std::int64_t time) {
  return time < earliest_of_all + max_step_back ? earliest_of_all : time - max_step_back;
}

std::int64_t modulo(std::int64_t time, std::int64_t length) {
  const std::int64_t rest = time % length;
  return rest < 0 ? rest + length : rest;
}

}  // namespace

void Latest::add(std::int64_t event_time, Arrival::Time came) {
  time = is_known ? std::max(time, event_time) : event_time;
  arrived = came;
  is_known = true;
}

std::int64_t WindowCutter::aligned(std::int64_t time) const {
  if (!rule_.align || !rule_.by_time) return time;
  const std::int64_t ahead = modulo(time, rule_.length) - modulo(*rule_.align, rule_.length);
  const std::int64_t since = ahead < 0 ? ahead + rule_.length : ahead;
  return time < earliest_of_all + since ? earliest_of_all : time - since;
}

void WindowCutter::begin_grid(std::int64_t start) {
  start_ = start;
  stop_ = add_up_to_latest(start, rule_.length);
  has_grid_ = true;
}

/// Goes on to the next window, or to a new grid at `time` where that is not in sight. Returns whether it is a new one.
bool WindowCutter::follow(std::int64_t time) {
  const std::int64_t horizon = rule_.length > latest_of_all / max_jump ? latest_of_all : rule_.length * max_jump;
  const bool is_restart = time < start_;
  const bool is_far = time >= add_up_to_latest(stop_, horizon) || stop_ == latest_of_all;
  const bool is_new = is_restart || is_far;
  begin_grid(is_new ? aligned(time) : stop_);
  return is_new;
}

bool WindowCutter::is_after_gap(std::int64_t time, Arrival::Time arrived) const {
  if (!rule_.gap || !latest_.is_known) return false;
  const auto gap_us = std::chrono::duration_cast<std::chrono::microseconds>(*rule_.gap).count();
  return time >= add_up_to_latest(latest_.time, gap_us) || time < step_back_from(latest_.time) ||
         (rule_.has_arrivals && arrived - latest_.arrived >= *rule_.gap);
}

bool WindowCutter::open(const EventBlock& block, std::size_t index) {
  const std::int64_t time = block.memory.as<const Event>()[index].t;
  bool is_anew = !has_grid_ || is_after_gap(time, block.arrival(index).first);
  if (!has_grid_ && rule_.start) {
    begin_grid(*std::exchange(rule_.start, std::nullopt));
  } else if (is_anew) {
    begin_grid(aligned(time));
  } else if (rule_.by_time) {
    is_anew = follow(time);
  }
  if (is_anew) latest_.is_known = false;
  is_open_ = true;
  held_ = 0;
  return is_anew;
}

/// Events of the block that belong to the window that is open.
std::size_t WindowCutter::count_inside(ConstEventSpan events) const {
  if (!rule_.by_time) return std::min(events.size(), static_cast<std::size_t>(rule_.length) - held_);
  const std::int64_t low = rule_.gap ? earliest_of_all : step_back_from(start_);
  if (stop_ < latest_of_all) return count_between(events.data(), events.size(), low, stop_);
  const auto end = std::find_if(events.begin(), events.end(), [low](const Event& event) { return event.t < low; });
  return static_cast<std::size_t>(end - events.begin());  // no time is after the latest of all
}

/// Of `count` events, the number of those before the first one that follows a gap; they are the latest then.
std::size_t WindowCutter::pass_before_gap(const EventBlock& block, std::size_t index, std::size_t count) {
  const Event* events = block.memory.as<const Event>();
  for (std::size_t i = index; i < index + count;) {
    const Arrival& arrival = block.arrival(i);
    if (is_after_gap(events[i].t, arrival.first)) return i - index;
    latest_.add(events[i].t, arrival.last);
    for (++i; i < std::min(arrival.stop, index + count); ++i) {
      if (is_after_gap(events[i].t, arrival.last)) return i - index;
      latest_.add(events[i].t, arrival.last);
    }
  }
  return count;
}

WindowCutter::Piece WindowCutter::take(const EventBlock& block, std::size_t index) {
  const ConstEventSpan events{block.memory.as<const Event>() + index, block.last - index};
  std::size_t inside = count_inside(events);
  if (rule_.gap) {
    inside = pass_before_gap(block, index, inside);
  } else if (inside > 0) {
    latest_.arrived = block.arrival(index + inside - 1).last;
  }
  held_ += inside;
  is_open_ = inside == events.size() && (rule_.by_time || held_ < static_cast<std::size_t>(rule_.length));
  return {inside, !is_open_};
}

void WindowCutter::restart() {
  is_open_ = has_grid_ = latest_.is_known = false;
  held_ = 0;
}

}  // namespace aestream
