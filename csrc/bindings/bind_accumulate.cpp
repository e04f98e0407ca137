// Accumulating events that lie in memory, and what every accumulation shares.
#include "bindings/accumulate.hpp"

#include <limits>
#include <new>
#include <optional>

#include "recording/event_array.hpp"

namespace aestream {
namespace {

py::tuple accumulate_windows(const py::buffer& events, const RepresentationPtr& representation, std::int64_t width,
                             std::int64_t height, const WindowArray& windows, bool by_time, std::size_t threads) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const Geometry geometry = to_geometry(width, height);
  const std::vector<Window> all = to_windows(windows, by_time);
  Buffer memory;
  std::size_t outside = 0;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(*representation, geometry, all.size());
    outside = accumulate(span, all, make_accumulators(representation, geometry), memory.data(), threads);
  }
  return py::make_tuple(own_tensors(std::move(memory), *representation, geometry, all.size()), outside);
}

py::tuple accumulate_one(const py::buffer& events, const RepresentationPtr& representation, std::int64_t width,
                         std::int64_t height, std::optional<std::int64_t> start_us, std::optional<std::int64_t> stop_us,
                         std::size_t threads) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const Geometry geometry = to_geometry(width, height);
  Buffer memory;
  std::size_t outside = 0;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(*representation, geometry, 1);
    const auto accumulator = representation->accumulator(geometry);
    outside = accumulate_all(span, start_us, stop_us, *accumulator, memory.data(), threads);
  }
  return py::make_tuple(own_tensors(std::move(memory), *representation, geometry, std::nullopt), outside);
}

}  // namespace

std::vector<Window> to_windows(const WindowArray& windows, bool by_time) {
  if (windows.ndim() != 2 || windows.shape(1) != 2) throw py::value_error("windows must be an array [n, 2]");
  std::vector<Window> result;
  const auto view = windows.unchecked<2>();
  for (py::ssize_t i = 0; i < view.shape(0); ++i) result.push_back({view(i, 0), view(i, 1), by_time});
  return result;
}

Geometry to_geometry(std::int64_t width, std::int64_t height) {
  constexpr std::int64_t limit = std::numeric_limits<std::int16_t>::max();
  if (width < 1 || width > limit || height < 1 || height > limit) {
    throw py::value_error("width and height must lie in [1, 32767], got " + std::to_string(width) + " and " +
                          std::to_string(height));
  }
  return {static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
}

Buffer allocate_tensors(const Representation& representation, Geometry geometry, std::size_t count) {
  constexpr std::size_t limit = std::size_t{1} << 46;
  double bytes = static_cast<double>(size_of(representation.element()));
  for (const std::size_t length : representation.shape(geometry)) bytes *= static_cast<double>(length);
  if (bytes * static_cast<double>(count) > static_cast<double>(limit)) throw std::bad_alloc();
  return Buffer(count * representation.elements(geometry) * size_of(representation.element()));
}

py::array own_tensors(Buffer&& memory, const Representation& representation, Geometry geometry,
                      std::optional<std::size_t> count) {
  std::vector<py::ssize_t> shape;
  if (count) shape.push_back(static_cast<py::ssize_t>(*count));
  for (const std::size_t length : representation.shape(geometry)) shape.push_back(static_cast<py::ssize_t>(length));
  switch (representation.element()) {
    case Element::Float32: return own_array<float>(std::move(memory), std::move(shape));
    case Element::Int64: return own_array<std::int64_t>(std::move(memory), std::move(shape));
    case Element::Float16:
    case Element::BFloat16: return own_array<std::uint16_t>(std::move(memory), std::move(shape));
    case Element::Int8: return own_array<std::int8_t>(std::move(memory), std::move(shape));
    default: return own_array<std::uint8_t>(std::move(memory), std::move(shape));
  }
}

void register_accumulate(py::module_& module) {
  module.def("accumulate", &accumulate_windows, py::arg("events"), py::arg("spec"), py::arg("width"), py::arg("height"),
             py::arg("windows"), py::arg("by_time"), py::arg("threads"));
  module.def("accumulate_all", &accumulate_one, py::arg("events"), py::arg("spec"), py::arg("width"), py::arg("height"),
             py::arg("start_us") = py::none(), py::arg("stop_us") = py::none(), py::arg("threads") = 1);
}

}  // namespace aestream
