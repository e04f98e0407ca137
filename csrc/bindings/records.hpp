// Arrays of records that Python knows by a dtype of aestream.events.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "bindings/bindings.hpp"

namespace aestream {

/// The records as a structured array of `aestream.events.<dtype>`, whose rows are bytes of Record.
template <class Record>
py::array own_records(const std::vector<Record>& records, const char* dtype) {
  static_assert(std::is_trivially_copyable_v<Record>);
  const py::dtype type = py::module_::import("aestream.events").attr(dtype);
  py::array array(type, std::vector<py::ssize_t>{static_cast<py::ssize_t>(records.size())});
  if (type.itemsize() != sizeof(Record)) throw py::type_error("a row of " + std::string(dtype) + " has another size");
  std::ranges::copy(records, static_cast<Record*>(array.mutable_data()));
  return array;
}

}  // namespace aestream
