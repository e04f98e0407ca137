// Events that a map moves and partly drops, four at a time on processors with AVX-512.
#pragma once

#include "filter/filter.hpp"

namespace aestream {

/// What becomes of the eight 16-bit lanes of an event: x and y change places, or not, and then (lane ^ mask) + sum.
struct LaneMove {
  std::uint16_t mask[8], sum[8];
  bool swaps;
};

/// Of so many events so many are kept.
struct Kept {
  std::size_t of = 0, count = 0;
};

/// Keeps what ends on `grid`. Writes nothing behind the place `of`; the rest of the events is left to the caller.
Kept keep_lanes(ConstEventSpan in, EventSpan out, const LaneMove& move, PixelGrid grid) noexcept;

}  // namespace aestream
