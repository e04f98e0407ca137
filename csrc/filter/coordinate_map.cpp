// Coordinate maps. Without a division an event is eight 16-bit lanes, of which a flip is an exclusive or and an addition:
// one of each serves t, x, y and p, for any chain of steps.
#include "filter/coordinate_map.hpp"

#include <algorithm>

namespace aestream {
namespace {

using Lanes [[gnu::vector_size(16)]] = std::uint16_t;

constexpr std::int64_t max_divisor = 1 << 16;
constexpr std::size_t lane_x = offsetof(Event, x) / 2, lane_y = offsetof(Event, y) / 2, lane_p = offsetof(Event, p) / 2;

template <bool swap>
inline Lanes moved(const Event& event, Lanes mask, Lanes sum) noexcept {
  Lanes lanes;
  std::memcpy(&lanes, &event, sizeof lanes);
  if constexpr (swap) lanes = __builtin_shufflevector(lanes, lanes, 0, 1, 2, 3, 5, 4, 6, 7);
  return (lanes ^ mask) + sum;
}

template <bool swap>
void move_all(ConstEventSpan in, EventSpan out, Lanes mask, Lanes sum) noexcept {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Lanes lanes = moved<swap>(in[i], mask, sum);
    std::memcpy(&out[i], &lanes, sizeof lanes);
  }
}

/// Keeps what ends on `grid`: the map without division is one to one, so just what came from the kept rectangle does.
template <bool swap>
std::size_t move_kept(ConstEventSpan in, EventSpan out, Lanes mask, Lanes sum, PixelGrid grid) noexcept {
  std::size_t kept = 0;
  for (const Event& event : in) {
    const Lanes lanes = moved<swap>(event, mask, sum);
    std::memcpy(&out[kept], &lanes, sizeof lanes);
    kept +=
        static_cast<std::size_t>(lanes[lane_x] < grid.width) & static_cast<std::size_t>(lanes[lane_y] < grid.height);
  }
  return kept;
}

}  // namespace

CoordinateMap::CoordinateMap(PixelGrid grid)
    : source_(grid), grid_(grid), kept_{Range{0, grid.width}, Range{0, grid.height}} {}

void CoordinateMap::Axis::mirror(std::int64_t length) noexcept {
  // length - 1 - floor(v / d) = floor((length * d - 1 - v) / d)
  sign = -sign;
  offset = length * divisor - 1 - offset;
}

CoordinateMap::Range CoordinateMap::source_of(const Axis& axis, std::int64_t begin, std::int64_t end) noexcept {
  const std::int64_t low = begin * axis.divisor - axis.offset, high = end * axis.divisor - axis.offset;
  return axis.sign > 0 ? Range{low, high} : Range{1 - high, 1 - low};
}

void CoordinateMap::flip_x() {
  steps_.push_back({Step::FlipX, grid_});
  axes_[0].mirror(grid_.width);
}

void CoordinateMap::flip_y() {
  steps_.push_back({Step::FlipY, grid_});
  axes_[1].mirror(grid_.height);
}

void CoordinateMap::flip_polarity() { is_polarity_flipped_ = !is_polarity_flipped_; }

void CoordinateMap::transpose() {
  steps_.push_back({Step::Transpose, grid_});
  std::swap(axes_[0], axes_[1]);
  is_swapped_ = !is_swapped_;
  grid_ = {grid_.height, grid_.width};
}

void CoordinateMap::crop(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height) {
  const std::uint32_t corner[] = {x, y}, lengths[] = {width, height};
  for (std::size_t i = 0; i < 2; ++i) {
    const Range source = source_of(axes_[i], corner[i], std::int64_t{corner[i]} + lengths[i]);
    Range& kept = kept_[i ^ static_cast<std::size_t>(is_swapped_)];
    kept = {std::max(kept.begin, source.begin), std::min(kept.end, source.end)};
    axes_[i].offset -= corner[i] * axes_[i].divisor;
  }
  drops_ = true;
  grid_ = {width, height};
}

void CoordinateMap::downsample(std::uint32_t factor) {
  steps_.push_back({Step::Downsample, grid_});
  // Where the product is more than any side, all that is left is one pixel: then any such divisor gives 0.
  for (Axis& axis : axes_) axis.divisor = std::min(axis.divisor * factor, max_divisor);
  grid_ = {(grid_.width + factor - 1) / factor, (grid_.height + factor - 1) / factor};
}

std::size_t CoordinateMap::apply(ConstEventSpan in, EventSpan out) {
  return axes_[0].divisor == 1 ? apply_lanes(in, out) : apply_divided(in, out);
}

std::size_t CoordinateMap::apply_lanes(ConstEventSpan in, EventSpan out) const {
  Lanes mask{}, sum{};
  for (const auto& [lane, axis] : {std::pair{lane_x, axes_[0]}, std::pair{lane_y, axes_[1]}}) {
    mask[lane] = axis.sign < 0 ? 0xFFFF : 0;  // -v is ~v + 1
    sum[lane] = static_cast<std::uint16_t>(axis.offset + (axis.sign < 0));
  }
  mask[lane_p] = is_polarity_flipped_;
  if (!drops_) {
    is_swapped_ ? move_all<true>(in, out, mask, sum) : move_all<false>(in, out, mask, sum);
    return in.size();
  }
  return is_swapped_ ? move_kept<true>(in, out, mask, sum, grid_) : move_kept<false>(in, out, mask, sum, grid_);
}

std::size_t CoordinateMap::apply_divided(ConstEventSpan in, EventSpan out) const {
  // Exact for numerators below 2^17 and divisors up to 2^16: the error, 2^17 / 2^46, is less than 1 / divisor.
  const std::uint64_t reciprocal = (std::uint64_t{1} << 46) / static_cast<std::uint64_t>(axes_[0].divisor) + 1;
  const auto quotient = [&](const Axis& axis, std::int64_t value) {
    return static_cast<std::int16_t>(static_cast<std::uint64_t>(axis.sign * value + axis.offset) * reciprocal >> 46);
  };
  std::size_t kept = 0;
  for (const Event& event : in) {
    const std::int64_t at[] = {event.x, event.y};
    const bool is_kept =
        at[0] >= kept_[0].begin && at[0] < kept_[0].end && at[1] >= kept_[1].begin && at[1] < kept_[1].end;
    if (!is_kept) [[unlikely]] {
      if (drops_) continue;
      out[kept++] = map_outside(event);
      continue;
    }
    Event& moved = out[kept++] = event;
    moved.x = quotient(axes_[0], at[is_swapped_]);
    moved.y = quotient(axes_[1], at[!is_swapped_]);
    moved.p ^= static_cast<std::uint8_t>(is_polarity_flipped_);
  }
  return kept;
}

Event CoordinateMap::map_outside(Event event) const noexcept {
  for (const auto& [step, grid] : steps_) {
    if (step == Step::FlipX) event.x = static_cast<std::int16_t>(grid.width - 1 - static_cast<std::uint32_t>(event.x));
    if (step == Step::FlipY) event.y = static_cast<std::int16_t>(grid.height - 1 - static_cast<std::uint32_t>(event.y));
    if (step == Step::Transpose) std::swap(event.x, event.y);
  }
  event.p ^= static_cast<std::uint8_t>(is_polarity_flipped_);
  return event;
}

}  // namespace aestream
