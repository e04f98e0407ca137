// Events whose fields lie in four columns of numbers.
#pragma once

#include <cstdint>

#include "core/event.hpp"
#include "decode/column.hpp"
#include "decode/decoder.hpp"

namespace aestream {

/// A stored time is `us` microseconds for each unit, after `offset_us`.
struct TimeUnit {
  double us = 1;
  std::int64_t offset_us = 0;
};

struct Columns {
  Column t, x, y, p;
  TimeUnit unit;
  std::uint64_t first_row = 0;  // number of the columns' first row in the recording, which errors name

  bool hold(std::uint64_t rows) const noexcept;
};

/// Packs rows [first, first + out.size()), which the columns must hold. Times are rounded to the nearest microsecond; a
/// polarity above 0 is ON. Throws FormatError for the first column with a number that an event cannot hold: the offset
/// is in that column's bytes.
void pack(const Columns& columns, std::uint64_t first, EventSpan out);

/// The latest time of rows [first, first + count); `no_time` if there are none. Throws as pack() does.
std::int64_t latest_time(const Columns& columns, std::uint64_t first, std::size_t count);

}  // namespace aestream
