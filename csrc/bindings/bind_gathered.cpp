// The events of windows on their way to a device: gathered, and placed in memory that the caller has pinned.
#include <algorithm>
#include <array>

#include "bindings/accumulate.hpp"
#include "recording/gathered_events.hpp"

namespace aestream {
namespace {

std::unique_ptr<GatheredEvents> gather(const Recording& recording, const WindowArray& windows, bool by_time,
                                       std::size_t threads, const std::vector<CoordinateMap>& maps, bool is_packed,
                                       std::uintptr_t pointer, std::size_t capacity) {
  const std::vector<Window> all = to_windows(windows, by_time);
  if (!maps.empty() && maps.size() != all.size()) throw py::value_error("maps must be one for each window");
  const py::gil_scoped_release released;
  return std::make_unique<GatheredEvents>(recording, all, maps, is_packed, threads,
                                          Destination{reinterpret_cast<std::uint8_t*>(pointer), capacity});
}

py::array_t<std::int64_t> table_of(const GatheredEvents& events) {
  py::array_t<std::int64_t> table({static_cast<py::ssize_t>(events.windows().size()), py::ssize_t{5}});
  std::int64_t* out = table.mutable_data();
  for (const GatheredWindow& window : events.windows()) {
    out = std::ranges::copy(std::array{static_cast<std::int64_t>(window.place), static_cast<std::int64_t>(window.count),
                                       window.base, window.first, window.latest},
                            out)
              .out;
  }
  return table;
}

void place_all(const GatheredEvents& events, std::uintptr_t pointer, std::size_t capacity, std::size_t threads) {
  if (events.bytes() > capacity) throw py::value_error("the events need more memory");
  events.place(reinterpret_cast<std::uint8_t*>(pointer), threads);
}

}  // namespace

void register_gathered(py::module_& module) {
  py::classh<GatheredEvents>(module, "GatheredEvents")
      .def(py::init(&gather), py::arg("recording"), py::arg("windows"), py::arg("by_time"), py::arg("threads"),
           py::arg("maps"), py::arg("packed"), py::arg("pointer"), py::arg("capacity"))
      .def_property_readonly("is_complete", &GatheredEvents::is_complete)
      .def_property_readonly("nbytes", &GatheredEvents::bytes)
      .def_property_readonly("table", &table_of)
      .def("place", &place_all, py::arg("pointer"), py::arg("capacity"), py::arg("threads"),
           py::call_guard<py::gil_scoped_release>());
}

}  // namespace aestream
