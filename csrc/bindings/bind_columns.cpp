// Finding the fields of an event array, and checking them.
#include <array>
#include <map>

#include "bindings/columns.hpp"

namespace aestream {
namespace {

constexpr std::array<std::array<const char*, 3>, 4> names{{
    {"t", "timestamp", "timestamp"},
    {"x", "x", "x"},
    {"y", "y", "y"},
    {"p", "polarity", "on"},
}};

MemoryColumn to_memory_column(const py::array& values, const char* name, std::size_t size) {
  static const std::map<std::pair<char, py::ssize_t>, ColumnType> types{
      {{'b', 1}, ColumnType::Bool},   {{'i', 1}, ColumnType::Int8},   {{'u', 1}, ColumnType::UInt8},
      {{'i', 2}, ColumnType::Int16},  {{'u', 2}, ColumnType::UInt16}, {{'i', 4}, ColumnType::Int32},
      {{'u', 4}, ColumnType::UInt32}, {{'i', 8}, ColumnType::Int64},  {{'u', 8}, ColumnType::UInt64}};
  const py::dtype dtype = values.dtype();
  const auto type = types.find({dtype.kind(), dtype.itemsize()});
  if (type == types.end() || dtype.byteorder() == '>') {
    throw py::value_error(std::string(name) + " must be integers in this machine's byte order, got " +
                          std::string(py::str(dtype)));
  }
  if (values.ndim() != 1 || static_cast<std::size_t>(values.size()) != size) {
    throw py::value_error("columns must have one dimension and one length");
  }
  return {static_cast<const std::uint8_t*>(values.data()), values.strides(0), type->second};
}

py::array field(const py::array& events, const std::array<const char*, 3>& aliases) {
  const py::object fields = events.dtype().attr("fields");
  for (const char* name : aliases) {
    if (!fields.is_none() && fields.contains(name)) return events[py::str(name)];
  }
  const std::string found = py::str(events.dtype());
  throw py::value_error(std::string("events must have the fields t, x, y and p; ") + aliases[0] + " is not in " +
                        found);
}

}  // namespace

ColumnView view_columns(const std::array<py::array, 4>& columns) {
  ColumnView view;
  view.size = static_cast<std::size_t>(columns[0].size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    view.columns[i] = to_memory_column(columns[i], names[i][0], view.size);
    view.owners.push_back(columns[i]);
  }
  return view;
}

ColumnView view_columns(const py::array& events) {
  return view_columns(
      std::array{field(events, names[0]), field(events, names[1]), field(events, names[2]), field(events, names[3])});
}

}  // namespace aestream
