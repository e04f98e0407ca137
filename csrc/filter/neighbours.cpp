// Filters that remember a time per pixel.
#include "filter/neighbours.hpp"

namespace aestream {

std::size_t Refractory::apply(ConstEventSpan in, EventSpan out) {
  std::size_t kept = 0;
  for (const Event& event : in) {
    out[kept] = event;
    if (!grid_.holds(event)) {
      ++kept;
    } else if (std::int64_t& ready = ready_[grid_.pixel(event)]; event.t >= ready) {
      ready = event.t + period_us_;
      ++kept;
    }
  }
  return kept;
}

std::size_t Denoise::apply(ConstEventSpan in, EventSpan out) {
  const std::size_t stride = std::size_t{grid_.width} + 2;
  const auto window = static_cast<std::uint64_t>(window_us_);
  std::size_t kept = 0;
  for (const Event& event : in) {
    out[kept] = event;
    if (!grid_.holds(event)) [[unlikely]] {
      ++kept;
      continue;
    }
    std::int64_t* const own =
        &latest_[(static_cast<std::size_t>(event.y) + 1) * stride + static_cast<std::size_t>(event.x) + 1];
    // |t - latest| <= window, in one comparison: shifted by the window, it is between 0 and twice the window.
    const std::uint64_t base = static_cast<std::uint64_t>(event.t) + window;
    const auto is_near = [&](const std::int64_t* latest) {
      return base - static_cast<std::uint64_t>(*latest) <= 2 * window && *latest != never;
    };
    const std::int64_t *const above = own - stride, *const below = own + stride;
    const bool is_supported = is_near(above - 1) | is_near(above) | is_near(above + 1) | is_near(own - 1) |
                              is_near(own + 1) | is_near(below - 1) | is_near(below) | is_near(below + 1);
    *own = event.t;
    kept += is_supported;
  }
  return kept;
}

}  // namespace aestream
