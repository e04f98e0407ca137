// Recording: arguments checked, GIL released, one call into the core.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "bindings/accumulate.hpp"
#include "bindings/bindings.hpp"
#include "core/parallel.hpp"
#include "decode/registry.hpp"
#include "recording/recording.hpp"
#include "recording/small_files.hpp"
#include "recording/stored_index.hpp"
#include "recording/stream_source.hpp"

namespace aestream {
namespace {

std::unique_ptr<Recording> open_stream(std::shared_ptr<MappedFile> file, const std::string& decoder,
                                       std::size_t begin) {
  if (begin > file->bytes().size()) throw py::value_error("begin lies behind the end of the file");
  auto source = std::make_unique<StreamSource>(file, make_decoder(decoder), begin);
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

py::array to_array(EventArray&& events) { return own_events(std::move(events.memory), events.size); }

void check_maps(const std::vector<CoordinateMap>& maps, std::size_t count, const Geometry& geometry) {
  const auto fits = [&](const CoordinateMap& map) {
    return map.grid().width == geometry.width && map.grid().height == geometry.height;
  };
  if (!maps.empty() && (maps.size() != count || !std::ranges::all_of(maps, fits))) {
    throw py::value_error("maps must be one for each window, and end on the sensor of width and height");
  }
}

/// With maps, one for each window, width and height are those of their end.
py::tuple accumulate_windows(const Recording& recording, const RepresentationPtr& representation, std::int64_t width,
                             std::int64_t height, const WindowArray& windows, bool by_time, std::size_t threads,
                             const std::vector<CoordinateMap>& maps) {
  const Geometry geometry = to_geometry(width, height);
  const std::vector<Window> all = to_windows(windows, by_time);
  check_maps(maps, all.size(), geometry);
  Buffer memory;
  std::size_t outside = 0;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(*representation, geometry, all.size());
    outside = recording.accumulate(all, make_accumulators(representation, geometry), memory.data(), threads, maps);
  }
  return py::make_tuple(own_tensors(std::move(memory), *representation, geometry, all.size()), outside);
}

py::tuple accumulate_of_each(const std::vector<std::shared_ptr<Recording>>& recordings,
                             const RepresentationPtr& representation, std::int64_t width, std::int64_t height,
                             const WindowArray& windows, bool by_time, std::size_t threads,
                             const std::vector<CoordinateMap>& maps) {
  const Geometry geometry = to_geometry(width, height);
  const std::vector<Window> all = to_windows(windows, by_time);
  check_maps(maps, all.size(), geometry);
  if (recordings.size() != all.size()) throw py::value_error("recordings must be one for each window");
  Buffer memory;
  std::size_t outside = 0;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(*representation, geometry, all.size());
    const AccumulatorFactory factory = make_accumulators(representation, geometry);
    outside = accumulate_each(recordings, all, factory, memory.data(), threads, maps);
  }
  return py::make_tuple(own_tensors(std::move(memory), *representation, geometry, all.size()), outside);
}

/// None where a file is not plainly what it should be.
py::object accumulate_files(const std::vector<std::string>& paths, const std::string& format,
                            const RepresentationPtr& representation, std::int64_t width, std::int64_t height,
                            std::size_t threads, const std::vector<CoordinateMap>& maps) {
  const Geometry geometry = to_geometry(width, height);
  check_maps(maps, paths.size(), geometry);
  Buffer memory;
  std::vector<SmallFile> files(paths.size());
  bool is_plain = false;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(*representation, geometry, paths.size());
    const AccumulatorFactory factory = make_accumulators(representation, geometry);
    is_plain = accumulate_small_files(paths, format, factory, memory.data(), files, threads, maps);
  }
  if (!is_plain) return py::none();
  py::array_t<std::int64_t> spans({static_cast<py::ssize_t>(files.size()), py::ssize_t{2}});
  auto view = spans.mutable_unchecked<2>();
  py::list stamps;
  for (py::ssize_t i = 0; i < spans.shape(0); ++i) {
    const auto& [window, stamp] = files[static_cast<std::size_t>(i)];
    view(i, 0) = window.start;
    view(i, 1) = window.stop;
    stamps.append(py::make_tuple(stamp.inode, stamp.size, stamp.modified_ns));
  }
  return py::make_tuple(own_tensors(std::move(memory), *representation, geometry, paths.size()), spans, stamps);
}

/// A getter that builds the index when it is not there yet.
template <class T>
auto of_index(T Index::* field) {
  return [field](const Recording& recording) {
    const py::gil_scoped_release released;
    return recording.index(default_threads()).*field;
  };
}

}  // namespace

void register_recording(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::classh<Recording>(module, "Recording")
      .def_static("open_stream", &open_stream, py::arg("file"), py::arg("decoder"), py::arg("begin"))
      .def(
          "build_index", [](const Recording& recording, std::size_t threads) { recording.index(threads); },
          py::arg("threads"), Release())
      .def_property_readonly("has_index",
                             [](const Recording& recording) {
                               const py::gil_scoped_release released;  // index() may hold the lock and need the GIL
                               return recording.has_index();
                             })
      .def_property_readonly("passed_bytes", &Recording::passed_bytes)
      .def("pack_index",
           [](const Recording& recording) {
             const Index* index = nullptr;
             {
               const py::gil_scoped_release released;
               index = &recording.index(default_threads());
             }
             return py::bytes(pack_index(*index));
           })
      .def(
          "restore_index",
          [](Recording& recording, std::string_view packed) {
            Index index = unpack_index(packed);
            const py::gil_scoped_release released;
            recording.restore_index(std::move(index));
          },
          py::arg("packed"))
      .def_property_readonly("num_events", of_index(&Index::num_events))
      .def_property_readonly("cut_bytes", of_index(&Index::cut_bytes))
      .def_property_readonly("t_first", of_index(&Index::t_first))
      .def_property_readonly("t_max", of_index(&Index::t_max))
      .def(
          "load",
          [](const Recording& recording, std::size_t threads) {
            EventArray events;
            {
              const py::gil_scoped_release released;
              events = recording.load(threads);
            }
            const std::uint64_t cut_bytes = events.cut_bytes;
            return std::pair{to_array(std::move(events)), cut_bytes};
          },
          py::arg("threads"))
      .def(
          "read",
          [](const Recording& recording, std::uint64_t first, std::uint64_t last, std::size_t threads) {
            EventArray events;
            {
              const py::gil_scoped_release released;
              events = recording.read(first, last, threads);
            }
            return to_array(std::move(events));
          },
          py::arg("first"), py::arg("last"), py::arg("threads"))
      .def(
          "read_as_claimed",
          [](const Recording& recording, std::int64_t start, std::int64_t stop, std::size_t threads) {
            std::optional<EventArray> events;
            {
              const py::gil_scoped_release released;
              events = recording.read_as_claimed(start, stop, threads);
            }
            return events ? std::optional(to_array(std::move(*events))) : std::nullopt;
          },
          py::arg("start"), py::arg("stop"), py::arg("threads"))
      .def(
          "find",
          [](const Recording& recording, std::int64_t start, std::int64_t stop, bool by_time, std::size_t threads) {
            return recording.find({start, stop, by_time}, threads);
          },
          py::arg("start"), py::arg("stop"), py::arg("by_time"), py::arg("threads"), Release())
      .def("accumulate", &accumulate_windows, py::arg("spec"), py::arg("width"), py::arg("height"), py::arg("windows"),
           py::arg("by_time"), py::arg("threads"), py::arg("maps") = std::vector<CoordinateMap>{});
  module.def("accumulate_files", &accumulate_files, py::arg("paths"), py::arg("format"), py::arg("spec"),
             py::arg("width"), py::arg("height"), py::arg("threads"), py::arg("maps") = std::vector<CoordinateMap>{});
  module.def("accumulate_each", &accumulate_of_each, py::arg("recordings"), py::arg("spec"), py::arg("width"),
             py::arg("height"), py::arg("windows"), py::arg("by_time"), py::arg("threads"),
             py::arg("maps") = std::vector<CoordinateMap>{});
}

}  // namespace aestream
