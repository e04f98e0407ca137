// Filters that remember a time per pixel: the refractory period, and denoising by background activity.
#pragma once

#include <limits>
#include <vector>

#include "filter/filter.hpp"

namespace aestream {

/// Times that a pixel waits, or windows, are at most this long, so that sums with a time do not overflow.
inline constexpr std::int64_t max_period_us = std::int64_t{1} << 61;

/// Keeps an event if at least `period_us` passed since the last kept event of its pixel, or if there was none. An event
/// of an earlier time than that is within the period. Events outside the sensor stay.
class Refractory final : public Filter {
 public:
  Refractory(std::int64_t period_us, PixelGrid grid)
      : period_us_(period_us), grid_(grid), ready_(grid.pixels(), std::numeric_limits<std::int64_t>::min()) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  std::int64_t period_us_;
  PixelGrid grid_;
  std::vector<std::int64_t> ready_;  // when each pixel's next event may be kept
};

/// Keeps an event if one of the 8 pixels around its own had its latest event, in recorded order and kept or not, at most
/// `window_us` from it: |t - latest| <= window_us. Events outside the sensor stay, and are nobody's neighbours.
/// (Delbruck, "Frame-free dynamic digital vision", 2008: the background activity filter.)
class Denoise final : public Filter {
 public:
  Denoise(std::int64_t window_us, PixelGrid grid)
      : window_us_(window_us),
        grid_(grid),
        latest_((std::size_t{grid.width} + 2) * (std::size_t{grid.height} + 2), never) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

  std::int64_t window_us_;
  PixelGrid grid_;
  std::vector<std::int64_t> latest_;  // with a border of one pixel that never has events
};

}  // namespace aestream
