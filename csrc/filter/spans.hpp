// Filters by place and by time: a mask of pixels, and a half-open span.
#pragma once

#include <vector>

#include "filter/filter.hpp"

namespace aestream {

/// Drops the events of marked pixels. Events outside the sensor stay.
class DropMask final : public Filter {
 public:
  /// `is_dropped` has a byte a pixel, rows first.
  DropMask(std::vector<std::uint8_t> is_dropped, PixelGrid grid) : is_dropped_(std::move(is_dropped)), grid_(grid) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  std::vector<std::uint8_t> is_dropped_;
  PixelGrid grid_;
};

/// Keeps only the events at [start_us, stop_us), or all but those.
class TimeCut final : public Filter {
 public:
  TimeCut(std::int64_t start_us, std::int64_t stop_us, bool keeps_inside)
      : start_us_(start_us), stop_us_(stop_us), keeps_inside_(keeps_inside) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  std::int64_t start_us_, stop_us_;
  bool keeps_inside_;
};

/// Adds the number of events of each pixel to `counts`.
void count_pixels(ConstEventSpan events, PixelGrid grid, std::span<std::uint32_t> counts);

}  // namespace aestream
