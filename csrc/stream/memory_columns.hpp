// Events as others lay them out in memory: four strided columns of any integer type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/event.hpp"

namespace aestream {

enum class ColumnType { Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Bool };

struct MemoryColumn {
  const std::uint8_t* data = nullptr;  // need not be aligned
  std::ptrdiff_t stride = 0;           // bytes from one value to the next
  ColumnType type = ColumnType::Int64;
};

/// t, x, y, p of as many events.
using MemoryColumns = std::array<MemoryColumn, 4>;

/// Events [first, first + out.size()). A coordinate that no int16 holds becomes -1, outside of every sensor; p is ON
/// where it is positive; a time beyond int64 becomes the latest that there is.
void read_columns(const MemoryColumns& columns, std::size_t first, EventSpan out);

}  // namespace aestream
