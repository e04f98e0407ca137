// One pass per column, so that each has a loop without branches on its type.
#include "stream/memory_columns.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace aestream {
namespace {

template <class T>
T clamp_to(std::int64_t value, T otherwise) {
  return value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max() ? otherwise
                                                                                        : static_cast<T>(value);
}

template <class T, class Store>
void read_as(const MemoryColumn& column, std::size_t first, EventSpan out, const Store& store) {
  const std::uint8_t* at = column.data + static_cast<std::ptrdiff_t>(first) * column.stride;
  for (Event& event : out) {
    T value;
    std::memcpy(&value, at, sizeof value);
    at += column.stride;
    if constexpr (sizeof(T) == 8 && std::is_unsigned_v<T>) {
      store(event, static_cast<std::int64_t>(std::min<T>(value, std::numeric_limits<std::int64_t>::max())));
    } else {
      store(event, static_cast<std::int64_t>(value));
    }
  }
}

template <class Store>
void read_column(const MemoryColumn& column, std::size_t first, EventSpan out, const Store& store) {
  switch (column.type) {
    case ColumnType::Int8: return read_as<std::int8_t>(column, first, out, store);
    case ColumnType::Bool:
    case ColumnType::UInt8: return read_as<std::uint8_t>(column, first, out, store);
    case ColumnType::Int16: return read_as<std::int16_t>(column, first, out, store);
    case ColumnType::UInt16: return read_as<std::uint16_t>(column, first, out, store);
    case ColumnType::Int32: return read_as<std::int32_t>(column, first, out, store);
    case ColumnType::UInt32: return read_as<std::uint32_t>(column, first, out, store);
    case ColumnType::Int64: return read_as<std::int64_t>(column, first, out, store);
    case ColumnType::UInt64: return read_as<std::uint64_t>(column, first, out, store);
  }
}

}  // namespace

void read_columns(const MemoryColumns& columns, std::size_t first, EventSpan out) {
  const auto& [t, x, y, p] = columns;
  read_column(t, first, out, [](Event& event, std::int64_t value) { event = {value, 0, 0, 0, {}}; });
  read_column(x, first, out, [](Event& event, std::int64_t value) { event.x = clamp_to<std::int16_t>(value, -1); });
  read_column(y, first, out, [](Event& event, std::int64_t value) { event.y = clamp_to<std::int16_t>(value, -1); });
  read_column(p, first, out, [](Event& event, std::int64_t value) { event.p = value > 0; });
}

}  // namespace aestream
