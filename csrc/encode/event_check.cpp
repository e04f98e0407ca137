// Blocks without anything unusual pass by a loop without branches; the others are looked at event by event.
#include "encode/event_check.hpp"

#include <algorithm>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::size_t block = 1024;

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0); }

struct Bounds {
  std::int32_t max_x, max_y;
  std::uint64_t min_t, max_t, max_rise;  // below 2^63
};

/// Whether an event lies outside, a time is negative, or one is not within `max_rise` after the one before: whether
/// any of the differences has its highest bit set.
AESTREAM_MULTIVERSION
bool any_unusual(const Event* events, std::size_t count, std::int64_t last, const Bounds& bounds) {
  auto times = static_cast<std::uint64_t>(last);
  std::int32_t places = 0;
  const auto look_at = [&](const Event& event, std::int64_t before) {
    const auto t = static_cast<std::uint64_t>(event.t), rise = t - static_cast<std::uint64_t>(before);
    times |= t | (t - bounds.min_t) | (bounds.max_t - t) | rise | (bounds.max_rise - rise);
    places |= event.x | event.y | (bounds.max_x - event.x) | (bounds.max_y - event.y);
  };
  look_at(events[0], last);
  for (std::size_t i = 1; i < count; ++i) look_at(events[i], events[i - 1].t);
  return times >> 63 != 0 || places < 0;
}

}  // namespace

bool EventCheck::may_refuse(ConstEventSpan events, std::int64_t last) const {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  const Bounds bounds{static_cast<std::int32_t>(limits_.max_x), static_cast<std::int32_t>(limits_.max_y),
                      static_cast<std::uint64_t>(std::max<std::int64_t>(limits_.min_t, 0)),
                      static_cast<std::uint64_t>(limits_.max_t), std::min(limits_.max_gap, most)};
  return any_unusual(events.data(), events.size(), last, bounds) ||
         (events.back().t > first_ && distance(first_, events.back().t) > limits_.max_span);
}

std::optional<Refusal::Reason> EventCheck::refuse_fall(std::int64_t t, std::int64_t last) const {
  if (!limits_.steps_back) return Refusal::Reason::Fall;
  if (limits_.wrap == 0) return std::nullopt;
  const bool same_round = floor_divide(t, limits_.wrap) == floor_divide(last, limits_.wrap);
  const std::int64_t ticks = floor_divide(last, limits_.tick) - floor_divide(t, limits_.tick);
  if (same_round && ticks <= limits_.max_fall) return std::nullopt;
  return Refusal::Reason::FallTooFar;
}

std::optional<Refusal::Reason> EventCheck::refuse(const Event& event, std::int64_t last) const {
  using enum Refusal::Reason;
  if (event.x < 0 || event.x > limits_.max_x) return X;
  if (event.y < 0 || event.y > limits_.max_y) return Y;
  if (event.t < limits_.min_t) return Early;
  if (event.t > limits_.max_t) return Late;
  if (event.t < last) return refuse_fall(event.t, last);
  if (distance(last, event.t) > limits_.max_gap) return Gap;
  if (event.t > first_ && distance(first_, event.t) > limits_.max_span) return Span;
  return std::nullopt;
}

std::optional<Refusal> EventCheck::check(ConstEventSpan events) {
  if (events.empty()) return std::nullopt;
  const bool begins = count_ == 0;
  if (begins && events[0].t > limits_.max_first_t) return Refusal{0, Refusal::Reason::First};
  std::int64_t last = begins ? events[0].t : last_;
  const std::int64_t first = first_;
  if (begins) first_ = events[0].t;
  for (std::size_t start = 0; start < events.size(); start += block) {
    const ConstEventSpan part = events.subspan(start, std::min(block, events.size() - start));
    if (may_refuse(part, last)) {
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (const auto reason = refuse(part[i], last)) {
          first_ = first;
          return Refusal{start + i, *reason};
        }
        last = part[i].t;
      }
    }
    last = part.back().t;
  }
  last_ = last;
  count_ += events.size();
  return std::nullopt;
}

}  // namespace aestream
