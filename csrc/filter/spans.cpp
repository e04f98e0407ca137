// Filters by place and by time.
#include "filter/spans.hpp"

#include <algorithm>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::size_t group_size = 64;  // events of a time cut that share one look

AESTREAM_MULTIVERSION
std::size_t count_inside(const Event* events, std::size_t count, std::int64_t start, std::int64_t stop) {
  std::uint64_t inside = 0;
  for (std::size_t i = 0; i < count; ++i) inside += (events[i].t >= start) & (events[i].t < stop) ? 1 : 0;
  return inside;
}

std::size_t copy(ConstEventSpan events, EventSpan out, std::size_t at) {
  std::memcpy(&out[at], events.data(), events.size_bytes());
  return at + events.size();
}

}  // namespace

std::size_t DropMask::apply(ConstEventSpan in, EventSpan out) {
  std::size_t kept = 0;
  for (const Event& event : in) {
    out[kept] = event;
    kept += !(grid_.holds(event) && is_dropped_[grid_.pixel(event)] != 0);
  }
  return kept;
}

std::size_t TimeCut::apply(ConstEventSpan in, EventSpan out) {
  std::size_t kept = 0;
  while (!in.empty()) {
    const ConstEventSpan group = in.first(std::min(group_size, in.size()));
    const std::size_t inside = count_inside(group.data(), group.size(), start_us_, stop_us_);
    if (inside == group.size() || inside == 0) {  // as nearly all are
      if ((inside == 0) != keeps_inside_) kept = copy(group, out, kept);
    } else {
      for (const Event& event : group) {
        out[kept] = event;
        kept += (event.t >= start_us_ && event.t < stop_us_) == keeps_inside_;
      }
    }
    in = in.subspan(group.size());
  }
  return kept;
}

void count_pixels(ConstEventSpan events, PixelGrid grid, std::span<std::uint32_t> counts) {
  for (const Event& event : events) {
    if (grid.holds(event)) ++counts[grid.pixel(event)];
  }
}

}  // namespace aestream
