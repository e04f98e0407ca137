// Tensors in a GPU's memory, made there: addresses come in as integers, and kernels are started on the caller's stream.
#include <algorithm>
#include <optional>

#include "bindings/accumulate.hpp"
#include "cuda/driver_device.hpp"
#include "cuda/plan.hpp"
#include "filter/coordinate_map.hpp"

namespace aestream {
namespace {

template <class T>
T* at(std::uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

cuda::Source to_source(const std::string& layout, const std::vector<std::uintptr_t>& pointers) {
  const bool is_columns = layout == "columns";
  if (layout != "packed" && layout != "records" && !is_columns) {
    throw py::value_error("layout must be packed, records or columns; got " + layout);
  }
  if (pointers.size() != (is_columns ? 4U : 1U)) throw py::value_error("a layout of " + layout + " has other pointers");
  const auto kind = is_columns            ? cuda::Layout::Columns
                    : layout == "records" ? cuda::Layout::Records
                                          : cuda::Layout::Packed;
  const auto pointer = [&](std::size_t i) { return i < pointers.size() ? at<const void>(pointers[i]) : nullptr; };
  return {kind, pointer(0), pointer(1), pointer(2), pointer(3)};
}

cuda::Batch to_batch(std::int64_t width, std::int64_t height, std::int64_t rows, std::int64_t events) {
  constexpr std::int64_t most_rows = std::int64_t{1} << 31;
  if (rows < 0 || rows >= most_rows || events < 0) throw py::value_error("counts of rows and events are out of range");
  cuda::Batch batch;
  batch.geometry = to_geometry(width, height);
  batch.row_count = static_cast<std::uint32_t>(rows);
  batch.event_count = static_cast<std::uint64_t>(events);
  return batch;
}

std::optional<std::uint64_t> scratch(const RepresentationPtr& representation, std::int64_t width, std::int64_t height,
                                     std::int64_t rows, std::int64_t events) {
  if (!cuda::has_kernels(*representation)) return std::nullopt;
  return cuda::scratch_bytes(*representation, to_batch(width, height, rows, events));
}

void accumulate_rows(const RepresentationPtr& representation, std::int64_t width, std::int64_t height,
                     const CoordinateMap* map, const std::string& layout, const std::vector<std::uintptr_t>& pointers,
                     std::uintptr_t rows, std::int64_t row_count, std::int64_t event_count, std::uintptr_t out,
                     std::uintptr_t memory, std::uint64_t memory_bytes, int ordinal, std::uintptr_t stream) {
  if (!cuda::has_kernels(*representation)) throw py::value_error("there is no kernel for this representation");
  cuda::Batch batch = to_batch(width, height, row_count, event_count);
  batch.source = to_source(layout, pointers);
  batch.map = map;
  batch.rows = at<const cuda::Row>(rows);
  if (cuda::scratch_bytes(*representation, batch) > memory_bytes) throw py::value_error("too little scratch memory");
  const py::gil_scoped_release released;
  const auto device = cuda::driver_device(ordinal, stream);
  cuda::accumulate(*representation, batch, at<void>(out), at<void>(memory), *device);
}

}  // namespace

void register_cuda_accumulate(py::module_& module) {
  module.def("cuda_scratch", &scratch, py::arg("spec"), py::arg("width"), py::arg("height"), py::arg("rows"),
             py::arg("events"));
  module.def("cuda_accumulate", &accumulate_rows, py::arg("spec"), py::arg("width"), py::arg("height"),
             py::arg("map").none(true), py::arg("layout"), py::arg("pointers"), py::arg("rows"), py::arg("row_count"),
             py::arg("event_count"), py::arg("out"), py::arg("scratch"), py::arg("scratch_bytes"), py::arg("device"),
             py::arg("stream"));
}

}  // namespace aestream
