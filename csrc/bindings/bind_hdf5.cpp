// Recordings of HDF5 datasets, whose layout Python has read: chunks in the mapped file, or rows that Python fetches.
#include <optional>

#include "bindings/callables.hpp"
#include "bindings/tables.hpp"
#include "core/error.hpp"
#include "recording/block_source.hpp"
#include "recording/chunk_table.hpp"
#include "recording/ecf_table.hpp"
#include "recording/fetched_table.hpp"
#include "recording/recording.hpp"

namespace aestream {
namespace {

using ChunkNumbers = py::array_t<std::uint64_t, py::array::c_style | py::array::forcecast>;
using ChunkColumn = std::tuple<std::size_t, std::size_t, std::string>;  // dataset, first byte in a row, type
using FilterId = std::pair<int, std::size_t>;                           // of HDF5's registry, size of a number

ChunkFilter to_filter(const FilterId& filter) {
  const auto& [id, type_size] = filter;
  switch (id) {
    case 1: return {ChunkFilter::Kind::Deflate};
    case 2: return {ChunkFilter::Kind::Shuffle, type_size};
    case 32001: return {ChunkFilter::Kind::Blosc};
    default: throw py::value_error("filter " + std::to_string(id) + " is not for chunks that the core reads");
  }
}

/// `chunks` is [n, 3]: offset, size, and the filters that were skipped.
ChunkedDataset make_dataset(std::size_t row_bytes, std::uint64_t chunk_rows, const std::vector<FilterId>& filters,
                            const ChunkNumbers& chunks) {
  if (row_bytes == 0 || chunk_rows == 0 || chunk_rows > (std::uint64_t{1} << 48) / row_bytes) {
    throw py::value_error("a chunk has rows, and rows have bytes");
  }
  if (chunks.ndim() != 2 || chunks.shape(1) != 3) throw py::value_error("chunks must be an array [n, 3]");
  ChunkedDataset dataset{row_bytes, chunk_rows, {}, {}};
  for (const FilterId& filter : filters) dataset.filters.push_back(to_filter(filter));
  const auto rows = chunks.unchecked<2>();
  for (py::ssize_t i = 0; i < rows.shape(0); ++i) dataset.chunks.push_back({rows(i, 0), rows(i, 1), rows(i, 2)});
  return dataset;
}

void check_chunks(const ChunkedDataset& dataset, std::uint64_t num_events) {
  if (dataset.chunks.size() < num_events / dataset.chunk_rows + (num_events % dataset.chunk_rows != 0)) {
    throw py::value_error("a dataset has fewer chunks than its rows need");
  }
}

Column place_column(std::size_t begin, const std::string& dtype, std::size_t row_bytes) {
  const Column column = to_column({begin, row_bytes, dtype}, {});
  if (row_bytes < size_of(column.number) || begin > row_bytes - size_of(column.number)) {
    throw py::value_error("a column lies outside of its rows");
  }
  return column;
}

/// Microseconds of a unit, what is added, rows of the file's own index or None, and the time of the first one.
using Times = std::tuple<double, std::int64_t, std::optional<ChunkNumbers>, std::int64_t>;

Units to_unit(const Times& times, std::optional<int> off) {
  return {std::get<0>(times), std::get<1>(times), to_off(off)};
}

TimeTable to_time_table(const Times& times) {
  const auto& rows = std::get<2>(times);
  if (!rows) return {};
  return {{rows->data(), rows->data() + rows->size()}, std::get<3>(times)};
}

std::unique_ptr<Recording> make_recording(std::shared_ptr<const MappedFile> file, std::unique_ptr<EventTable> table,
                                          TimeTable times = {}) {
  auto source = std::make_unique<BlockSource>(std::move(table), std::move(times));
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

std::unique_ptr<Recording> open_chunks(std::shared_ptr<MappedFile> file, const std::vector<ChunkedDataset>& datasets,
                                       const std::array<ChunkColumn, 4>& columns, std::uint64_t num_events,
                                       std::size_t block, const Times& times, const std::array<py::object, 3>& codecs,
                                       std::optional<int> off) {
  if (block == 0) throw py::value_error("a block has rows");
  for (const ChunkedDataset& dataset : datasets) check_chunks(dataset, num_events);
  std::array<ChunkTable::Place, 4> places;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [dataset, begin, dtype] = columns[i];
    places[i] = {dataset, place_column(begin, dtype, datasets.at(dataset).row_bytes)};
  }
  const auto inflate = [&](std::size_t i) { return make_inflate(codecs[i], "a chunk"); };
  auto table = std::make_unique<ChunkTable>(file, datasets, places, to_unit(times, off), num_events, block,
                                            BloscCodecs{inflate(0), inflate(1), inflate(2)});
  return make_recording(std::move(file), std::move(table), to_time_table(times));
}

std::unique_ptr<Recording> open_ecf(std::shared_ptr<MappedFile> file, const ChunkedDataset& dataset,
                                    const ColumnPlaces& columns, std::uint64_t num_events) {
  check_chunks(dataset, num_events);
  for (const auto& [begin, stride, dtype] : columns) place_column(begin, dtype, dataset.row_bytes);
  auto table = std::make_unique<EcfTable>(file, dataset, to_columns(columns, {}, {}), num_events);
  return make_recording(std::move(file), std::move(table));
}

/// fetch(first, last, only_times) -> arrays of t, x, y, p, or of t alone.
Fetch make_fetch(py::object callable) {
  return [kept = keep_python(std::move(callable))](std::uint64_t first, std::uint64_t last, bool only_times) {
    const py::gil_scoped_acquire acquired;
    const py::tuple arrays = (*kept)(first, last, only_times);
    if (arrays.size() != (only_times ? 1 : 4)) throw py::value_error("fetch gives t, or t, x, y and p");
    FetchedRows rows;
    rows.columns.t = to_column(arrays[0].cast<py::array>());
    if (!only_times) {
      rows.columns.x = to_column(arrays[1].cast<py::array>());
      rows.columns.y = to_column(arrays[2].cast<py::array>());
      rows.columns.p = to_column(arrays[3].cast<py::array>());
    }
    rows.owner = keep_python(arrays);
    return rows;
  };
}

std::unique_ptr<Recording> open_fetched(std::shared_ptr<MappedFile> file, const py::object& fetch,
                                        std::uint64_t num_events, std::size_t block, const Times& times,
                                        std::optional<int> off) {
  if (block == 0) throw py::value_error("a block has rows");
  auto table = std::make_unique<FetchedTable>(make_fetch(fetch), to_unit(times, off), num_events, block);
  return make_recording(std::move(file), std::move(table), to_time_table(times));
}

}  // namespace

void register_hdf5(py::module_& module) {
  py::classh<ChunkedDataset>(module, "ChunkedDataset")
      .def(py::init(&make_dataset), py::kw_only(), py::arg("row_bytes"), py::arg("chunk_rows"), py::arg("filters"),
           py::arg("chunks"));
  module.def("open_chunks", &open_chunks, py::arg("file"), py::arg("datasets"), py::arg("columns"), py::kw_only(),
             py::arg("num_events"), py::arg("block"), py::arg("times"), py::arg("codecs"),
             py::arg("off") = std::nullopt);
  module.def("open_ecf", &open_ecf, py::arg("file"), py::arg("dataset"), py::arg("columns"), py::kw_only(),
             py::arg("num_events"));
  module.def("open_fetched", &open_fetched, py::arg("file"), py::arg("fetch"), py::kw_only(), py::arg("num_events"),
             py::arg("block"), py::arg("times"), py::arg("off") = std::nullopt);
}

}  // namespace aestream
