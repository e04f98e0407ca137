// What the tables of several formats take from Python: columns by place and type, and objects that the core keeps.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <tuple>

#include "bindings/bindings.hpp"
#include "decode/columns.hpp"

namespace aestream {

/// First byte, bytes from row to row, and NumPy's name of the type, such as "<u2".
using ColumnPlace = std::tuple<std::size_t, std::size_t, std::string>;
using ColumnPlaces = std::array<ColumnPlace, 4>;  // of t, x, y, p

/// None, 0 or -1: what stands for OFF in a recording.
Off to_off(std::optional<int> value);

/// Throws ValueError for a type that no column has.
Column to_column(const ColumnPlace& place, ByteSpan bytes);
Columns to_columns(const ColumnPlaces& places, ByteSpan bytes, const Units& unit);

/// Of an array of one dimension, whose memory must outlive it.
Column to_column(const py::array& array);

}  // namespace aestream
