// Event arrays of other libraries as columns that the core can read.
#pragma once

#include <algorithm>

#include "bindings/bindings.hpp"
#include "stream/memory_columns.hpp"

namespace aestream {

struct ColumnView {
  MemoryColumns columns;
  std::size_t size = 0;
  std::vector<py::array> owners;  // of the memory
};

/// Of a structured array with the fields t (or timestamp), x, y and p (or polarity, or on), each of any integer type.
/// Throws ValueError naming what is missing or of another type.
ColumnView view_columns(const py::array& events);

/// Of four arrays of one length.
ColumnView view_columns(const std::array<py::array, 4>& columns);

/// consume(events) for block after block, without the GIL.
template <class Consume>
void for_each_block(const ColumnView& view, const Consume& consume) {
  const py::gil_scoped_release released;
  std::vector<Event> block(std::min<std::size_t>(view.size, 8192));
  for (std::size_t first = 0; first < view.size; first += block.size()) {
    const EventSpan events(block.data(), std::min(block.size(), view.size - first));
    read_columns(view.columns, first, events);
    consume(ConstEventSpan(events));
  }
}

}  // namespace aestream
