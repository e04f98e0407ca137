// Coordinate maps. Without a division an event is eight 16-bit lanes, of which a flip is an exclusive or and an addition:
// one of each serves t, x, y and p, for any chain of steps.
#include "filter/coordinate_map.hpp"

#include <algorithm>
#include <cstring>

#include "core/multiversion.hpp"
#include "filter/kept_lanes.hpp"

namespace aestream {
namespace {

using Lanes [[gnu::vector_size(16)]] = std::uint16_t;
using TwoEvents [[gnu::vector_size(32)]] = std::uint16_t;

constexpr std::int64_t max_divisor = 1 << 16;
constexpr std::size_t lane_x = offsetof(Event, x) / 2, lane_y = offsetof(Event, y) / 2, lane_p = offsetof(Event, p) / 2;
static_assert(lane_y == lane_x + 1 && lane_p == lane_x + 2);

struct Move {
  std::uint16_t mask[16], sum[16];  // of two events
};

template <bool swap>
inline Lanes moved(const Event& event, Lanes mask, Lanes sum) noexcept {
  Lanes lanes;
  std::memcpy(&lanes, &event, sizeof lanes);
  if constexpr (swap) lanes = __builtin_shufflevector(lanes, lanes, 0, 1, 2, 3, 5, 4, 6, 7);
  return (lanes ^ mask) + sum;
}

template <bool swap>
inline __attribute__((always_inline)) void move_two(const Event* in, std::size_t count, Event* out, const Move& move) {
  TwoEvents mask, sum, lanes;
  std::memcpy(&mask, move.mask, sizeof mask);
  std::memcpy(&sum, move.sum, sizeof sum);
  for (std::size_t i = 0; i < count; i += 2) {
    std::memcpy(&lanes, in + i, sizeof lanes);
    if constexpr (swap) {
      lanes = __builtin_shufflevector(lanes, lanes, 0, 1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11, 13, 12, 14, 15);
    }
    lanes = (lanes ^ mask) + sum;
    std::memcpy(out + i, &lanes, sizeof lanes);
  }
}

AESTREAM_MULTIVERSION
void move_even(const Event* in, std::size_t count, Event* out, const Move& move) {
  move_two<false>(in, count, out, move);
}

AESTREAM_MULTIVERSION
void move_even_swapped(const Event* in, std::size_t count, Event* out, const Move& move) {
  move_two<true>(in, count, out, move);
}

template <bool swap>
void move_all(ConstEventSpan in, EventSpan out, Lanes mask, Lanes sum) noexcept {
  Move move;
  for (std::size_t half = 0; half < 16; half += 8) {
    std::memcpy(move.mask + half, &mask, sizeof mask);
    std::memcpy(move.sum + half, &sum, sizeof sum);
  }
  const std::size_t even = in.size() / 2 * 2;
  (swap ? move_even_swapped : move_even)(in.data(), even, out.data(), move);
  if (even == in.size()) return;
  const Lanes last = moved<swap>(in[even], mask, sum);
  std::memcpy(&out[even], &last, sizeof last);
}

/// Keeps what ends on `grid`: the map without division is one to one, so just what came from the kept rectangle does.
template <bool swap>
std::size_t move_kept(ConstEventSpan in, EventSpan out, Lanes mask, Lanes sum, PixelGrid grid) noexcept {
  LaneMove move;
  std::memcpy(move.mask, &mask, sizeof mask);
  std::memcpy(move.sum, &sum, sizeof sum);
  move.swaps = swap;
  const Kept before = keep_lanes(in, out, move, grid);
  std::size_t kept = before.count;
  for (const Event& event : in.subspan(before.of)) {
    const Lanes lanes = moved<swap>(event, mask, sum);
    std::memcpy(&out[kept], &lanes, sizeof lanes);
    kept +=
        static_cast<std::size_t>(lanes[lane_x] < grid.width) & static_cast<std::size_t>(lanes[lane_y] < grid.height);
  }
  return kept;
}

/// A map with a division: the source's axis i becomes (factor * value + constant) / 2^46 on the result's.
struct Division {
  std::uint64_t factor[2], constant[2];
  std::uint32_t begin[2], length[2];  // of the source, what is kept
  std::uint64_t polarity;             // bits that change
  unsigned from_x;                    // where the result's x lies in the word of x, y and p
};

/// Whether the event is kept: only then `out` is right.
inline __attribute__((always_inline)) bool divide(const Event& in, Event& out, const Division& by) {
  std::uint64_t word;  // x, y, p
  std::memcpy(&word, &in.x, sizeof word);
  const std::uint64_t x = (word >> by.from_x & 0xFFFF) * by.factor[0] + by.constant[0];
  const std::uint64_t y = (word >> (16 - by.from_x) & 0xFFFF) * by.factor[1] + by.constant[1];
  const std::uint64_t moved = ((word >> 32 << 32) | x >> 46 | (y >> 46) << 16) ^ by.polarity;
  out.t = in.t;
  std::memcpy(&out.x, &moved, sizeof moved);
  return ((((word & 0xFFFF) - by.begin[0]) & 0xFFFF) < by.length[0]) &
         ((((word >> 16 & 0xFFFF) - by.begin[1]) & 0xFFFF) < by.length[1]);
}

/// Whether all events are kept: only then `out` is right.
AESTREAM_MULTIVERSION
bool divide_all(const Event* in, std::size_t count, Event* out, const Division& by) {
  const Division same = by;  // not a part of `out`
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < count; ++i) lost |= divide(in[i], out[i], same) ? 0 : 1;
  return lost == 0;
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

std::size_t CoordinateMap::map(ConstEventSpan in, EventSpan out) const {
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
  // Exact for numerators below 2^17 and divisors up to 2^16: the error, 2^17 / 2^46, is less than 1 / divisor. Sign and
  // offset are multiplied in, modulo 2^64.
  const std::uint64_t reciprocal = (std::uint64_t{1} << 46) / static_cast<std::uint64_t>(axes_[0].divisor) + 1;
  Division by;
  for (std::size_t i = 0; i < 2; ++i) {
    by.factor[i] = static_cast<std::uint64_t>(axes_[i].sign) * reciprocal;
    by.constant[i] = static_cast<std::uint64_t>(axes_[i].offset) * reciprocal;
    by.begin[i] = static_cast<std::uint32_t>(kept_[i].begin);
    by.length[i] = static_cast<std::uint32_t>(std::max<std::int64_t>(kept_[i].end - kept_[i].begin, 0));
  }
  by.polarity = std::uint64_t{is_polarity_flipped_} << 32;
  by.from_x = is_swapped_ ? 16 : 0;
  std::size_t kept = 0;
  constexpr std::size_t block = 128;
  for (; !in.empty(); in = in.subspan(std::min(block, in.size()))) {
    const ConstEventSpan some = in.first(std::min(block, in.size()));
    if (!drops_ && divide_all(some.data(), some.size(), &out[kept], by)) {
      kept += some.size();
      continue;
    }
    for (const Event& event : some) {
      const bool is_kept = divide(event, out[kept], by);
      if (!is_kept && !drops_) [[unlikely]]
        out[kept] = map_outside(event);
      kept += is_kept || !drops_ ? 1 : 0;
    }
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
