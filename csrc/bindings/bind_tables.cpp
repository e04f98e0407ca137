// Recordings whose events are rows of a table: columns in the mapped file or in NumPy's memory.
#include <array>
#include <string>

#include "bindings/callables.hpp"
#include "bindings/tables.hpp"
#include "recording/block_source.hpp"
#include "recording/recording.hpp"

namespace aestream {

Off to_off(std::optional<int> value) {
  if (!value) return Off::Either;
  if (*value != 0 && *value != -1) throw py::value_error("off is 0, -1 or None");
  return *value == 0 ? Off::Zero : Off::MinusOne;
}

Column to_column(const ColumnPlace& place, ByteSpan bytes) {
  const auto& [begin, stride, dtype] = place;
  Column column{bytes, begin, stride};
  if (!set_type(column, dtype)) throw py::value_error("no column is of type " + dtype);
  return column;
}

Columns to_columns(const ColumnPlaces& places, ByteSpan bytes, const Units& unit) {
  const auto column = [&](std::size_t i) { return to_column(places[i], bytes); };
  return {column(0), column(1), column(2), column(3), unit};
}

Column to_column(const py::array& array) {
  if (array.ndim() != 1) throw py::value_error("a column is an array of one dimension");
  const py::ssize_t rows = array.shape(0), item = array.itemsize();
  if (rows > 1 && array.strides(0) < item) throw py::value_error("the rows of a column follow each other");
  const py::ssize_t stride = rows > 1 ? array.strides(0) : item, size = rows == 0 ? 0 : (rows - 1) * stride + item;
  const ByteSpan bytes{static_cast<const std::uint8_t*>(array.data()), static_cast<std::size_t>(size)};
  return to_column({0, static_cast<std::size_t>(stride), py::str(array.dtype().attr("str"))}, bytes);
}

namespace {

std::unique_ptr<Recording> open_rows(std::shared_ptr<MappedFile> file, const ColumnPlaces& places,
                                     std::uint64_t num_events, double us_per_unit, std::optional<int> off) {
  const Columns columns = to_columns(places, file->bytes(), {us_per_unit, 0, to_off(off)});
  if (!columns.hold(num_events)) throw py::value_error("the file does not hold so many rows");
  auto table = std::make_unique<ColumnTable>(columns, num_events, file, nullptr);
  return std::make_unique<Recording>(std::move(file), std::make_unique<BlockSource>(std::move(table)));
}

std::unique_ptr<Recording> open_arrays(const std::array<py::array, 4>& arrays, double us_per_unit,
                                       std::optional<int> off) {
  const auto column = [&](std::size_t i) { return to_column(arrays[i]); };
  const Columns columns{column(0), column(1), column(2), column(3), {us_per_unit, 0, to_off(off)}};
  for (const py::array& array : arrays) {
    if (array.shape(0) != arrays[0].shape(0)) throw py::value_error("columns are of one length");
  }
  auto owner = keep_python(py::make_tuple(arrays[0], arrays[1], arrays[2], arrays[3]));
  auto table = std::make_unique<ColumnTable>(columns, arrays[0].shape(0), nullptr, std::move(owner));
  return std::make_unique<Recording>(nullptr, std::make_unique<BlockSource>(std::move(table)));
}

}  // namespace

void register_tables(py::module_& module) {
  module.def("open_rows", &open_rows, py::arg("file"), py::arg("columns"), py::kw_only(), py::arg("num_events"),
             py::arg("us_per_unit"), py::arg("off") = std::nullopt);
  module.def("open_arrays", &open_arrays, py::arg("columns"), py::kw_only(), py::arg("us_per_unit"),
             py::arg("off") = std::nullopt);
}

}  // namespace aestream
