// What the tables of several formats take from Python: columns by place and type, and objects that the core keeps.
#pragma once

#include <array>
#include <string>
#include <tuple>

#include "bindings/bindings.hpp"
#include "block_source.hpp"
#include "decode/columns.hpp"

namespace aestream {

/// First byte, bytes from row to row, and NumPy's name of the type, such as "<u2".
using ColumnPlace = std::tuple<std::size_t, std::size_t, std::string>;
using ColumnPlaces = std::array<ColumnPlace, 4>;  // of t, x, y, p

Column to_column(const ColumnPlace& place, ByteSpan bytes);
Columns to_columns(const ColumnPlaces& places, ByteSpan bytes, const TimeUnit& unit);

/// Keeps a Python object for the core, which may let go of it without the GIL.
inline std::shared_ptr<py::object> keep_python(py::object object) {
  return {new py::object(std::move(object)), [](py::object* kept) {
            const py::gil_scoped_acquire acquired;
            delete kept;
          }};
}

}  // namespace aestream
