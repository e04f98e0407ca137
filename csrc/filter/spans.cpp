// Filters by place and by time.
#include "filter/spans.hpp"

namespace aestream {

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
  for (const Event& event : in) {
    out[kept] = event;
    kept += (event.t >= start_us_ && event.t < stop_us_) == keeps_inside_;
  }
  return kept;
}

void count_pixels(ConstEventSpan events, PixelGrid grid, std::span<std::uint32_t> counts) {
  for (const Event& event : events) {
    if (grid.holds(event)) ++counts[grid.pixel(event)];
  }
}

}  // namespace aestream
