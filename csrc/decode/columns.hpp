// Events whose fields lie in four columns of numbers.
#pragma once

#include <cstdint>

#include "core/event.hpp"
#include "decode/column.hpp"
#include "decode/decoder.hpp"
#include "decode/polarity.hpp"

namespace aestream {

/// What stored numbers mean: a time is `us` microseconds for each unit, after `offset_us`; `off` are OFF polarities.
struct Units {
  double us = 1;
  std::int64_t offset_us = 0;
  Off off = Off::Either;
};

struct Columns {
  Column t, x, y, p;
  Units unit;
  std::uint64_t first_row = 0;  // number of the columns' first row in the recording, which errors name

  bool hold(std::uint64_t rows) const noexcept;
};

/// Packs rows [first, first + out.size()), which the columns must hold. Times are rounded to the nearest microsecond; a
/// polarity of 1 is ON, and one that `unit.off` allows is not. Throws FormatError for the first column with a number that an
/// event cannot hold: the offset is in that column's bytes.
void pack(const Columns& columns, std::uint64_t first, EventSpan out);

/// The latest time of rows [first, first + count); `no_time` if there are none. Throws as pack() does.
std::int64_t latest_time(const Columns& columns, std::uint64_t first, std::size_t count);

}  // namespace aestream
