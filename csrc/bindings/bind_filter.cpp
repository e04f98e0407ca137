// Filters, and events in memory through them.
#include <algorithm>

#include "bindings/accumulate.hpp"
#include "filter/coordinate_map.hpp"
#include "filter/jitter.hpp"
#include "filter/neighbours.hpp"
#include "filter/random_drop.hpp"
#include "filter/rewrites.hpp"
#include "filter/seed.hpp"
#include "filter/spans.hpp"
#include "filter/with_source.hpp"

namespace aestream {
namespace {

PixelGrid to_grid(std::int64_t width, std::int64_t height) {
  const Geometry geometry = to_geometry(width, height);
  return {geometry.width, geometry.height};
}

Probability32 to_probability(double fraction) {
  if (!(fraction >= 0 && fraction <= 1)) throw py::value_error("fraction must lie in [0, 1]");
  return static_cast<Probability32>(fraction * 4294967296.0);
}

std::int64_t check_period(std::int64_t period_us) {
  if (period_us < 0 || period_us > max_period_us) throw py::value_error("a period must lie in [0, 2^61] microseconds");
  return period_us;
}

std::unique_ptr<DropMask> make_mask(const py::array_t<bool, py::array::c_style>& is_dropped) {
  if (is_dropped.ndim() != 2) throw py::value_error("is_dropped must be bool [height, width]");
  const PixelGrid grid = to_grid(is_dropped.shape(1), is_dropped.shape(0));
  const bool* first = is_dropped.data();
  return std::make_unique<DropMask>(std::vector<std::uint8_t>(first, first + is_dropped.size()), grid);
}

py::array filter_events(const py::buffer& events, Filter& filter) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  Buffer memory;
  std::size_t count = 0;
  {
    const py::gil_scoped_release released;
    memory = Buffer(span.size_bytes());
    count = filter.apply(span, {memory.as<Event>(), span.size()});
  }
  return own_events(std::move(memory), count);
}

py::tuple filter_events_with_source(const py::buffer& events, Filter& filter) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  Buffer memory, source;
  std::size_t count = 0;
  {
    const py::gil_scoped_release released;
    memory = Buffer(span.size_bytes());
    source = Buffer(span.size() * sizeof(std::int64_t));
    count = apply_with_source(span, filter, {memory.as<Event>(), span.size()}, source.as<std::int64_t>());
  }
  return py::make_tuple(own_events(std::move(memory), count),
                        own_array<std::int64_t>(std::move(source), {static_cast<py::ssize_t>(count)}));
}

py::array_t<std::uint32_t> count(const py::buffer& events, std::int64_t width, std::int64_t height) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const PixelGrid grid = to_grid(width, height);
  Buffer memory(grid.pixels() * sizeof(std::uint32_t));
  {
    const py::gil_scoped_release released;
    const std::span counts{memory.as<std::uint32_t>(), grid.pixels()};
    std::ranges::fill(counts, 0u);
    count_pixels(span, grid, counts);
  }
  return own_array<std::uint32_t>(std::move(memory), {grid.height, grid.width});
}

void crop(CoordinateMap& map, std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height) {
  const PixelGrid grid = map.grid();
  if (x < 0 || y < 0 || width < 1 || height < 1 || width > grid.width - x || height > grid.height - y) {
    throw py::value_error("the rectangle of a crop must lie on the sensor");
  }
  map.crop(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(width),
           static_cast<std::uint32_t>(height));
}

void downsample(CoordinateMap& map, std::int64_t factor) {
  if (factor < 1 || factor > 32767) throw py::value_error("factor must lie in [1, 32767]");
  map.downsample(static_cast<std::uint32_t>(factor));
}

}  // namespace

void register_filter(py::module_& module) {
  py::classh<Filter>(module, "Filter");
  py::classh<DropEvents, Filter>(module, "DropEvents")
      .def(py::init([](double fraction, std::uint64_t seed) {
             return std::make_unique<DropEvents>(to_probability(fraction), seed);
           }),
           py::arg("fraction"), py::arg("seed"));
  py::classh<DropPixels, Filter>(module, "DropPixels")
      .def(py::init([](double fraction, std::uint64_t seed, std::int64_t width, std::int64_t height) {
             return std::make_unique<DropPixels>(to_probability(fraction), seed, to_grid(width, height));
           }),
           py::arg("fraction"), py::arg("seed"), py::arg("width"), py::arg("height"));
  py::classh<DropMask, Filter>(module, "DropMask").def(py::init(&make_mask), py::arg("is_dropped"));
  py::classh<TimeCut, Filter>(module, "TimeCut")
      .def(py::init<std::int64_t, std::int64_t, bool>(), py::arg("start_us"), py::arg("stop_us"),
           py::arg("keeps_inside"));
  py::classh<MergePolarity, Filter>(module, "MergePolarity").def(py::init<>());
  py::classh<TimeScale, Filter>(module, "TimeScale")
      .def(py::init([](double factor, std::int64_t start, std::optional<std::pair<std::int64_t, std::int64_t>> stop) {
             const auto stops = stop ? std::optional(TimeScale::Stop{stop->first, stop->second}) : std::nullopt;
             return std::make_unique<TimeScale>(factor, start, stops);
           }),
           py::arg("factor"), py::arg("start_us"), py::arg("stop_us"));
  py::classh<TimeJitter, Filter>(module, "TimeJitter")
      .def(py::init<double, std::uint64_t, std::optional<std::int64_t>, std::optional<std::int64_t>>(),
           py::arg("std_us"), py::arg("seed"), py::arg("start_us"), py::arg("stop_us"));
  py::classh<SpatialJitter, Filter>(module, "SpatialJitter")
      .def(py::init([](double std, std::uint64_t seed, std::int64_t width, std::int64_t height) {
             return std::make_unique<SpatialJitter>(std, seed, to_grid(width, height));
           }),
           py::arg("std"), py::arg("seed"), py::arg("width"), py::arg("height"));
  py::classh<Refractory, Filter>(module, "Refractory")
      .def(py::init([](std::int64_t period_us, std::int64_t width, std::int64_t height) {
             return std::make_unique<Refractory>(check_period(period_us), to_grid(width, height));
           }),
           py::arg("period_us"), py::arg("width"), py::arg("height"));
  py::classh<Denoise, Filter>(module, "Denoise")
      .def(py::init([](std::int64_t window_us, std::int64_t width, std::int64_t height) {
             return std::make_unique<Denoise>(check_period(window_us), to_grid(width, height));
           }),
           py::arg("window_us"), py::arg("width"), py::arg("height"));
  py::classh<CoordinateMap, Filter>(module, "CoordinateMap")
      .def(py::init([](std::int64_t width, std::int64_t height) {
             return std::make_unique<CoordinateMap>(to_grid(width, height));
           }),
           py::arg("width"), py::arg("height"))
      .def("flip_x", &CoordinateMap::flip_x)
      .def("flip_y", &CoordinateMap::flip_y)
      .def("flip_polarity", &CoordinateMap::flip_polarity)
      .def("transpose", &CoordinateMap::transpose)
      .def("crop", &crop, py::arg("x"), py::arg("y"), py::arg("width"), py::arg("height"))
      .def("downsample", &downsample, py::arg("factor"))
      .def_property_readonly("drops", &CoordinateMap::drops)
      .def_property_readonly(
          "shape", [](const CoordinateMap& map) { return py::make_tuple(map.grid().width, map.grid().height); });
  module.def("filter_events", &filter_events, py::arg("events"), py::arg("filter"));
  module.def("filter_events_with_source", &filter_events_with_source, py::arg("events"), py::arg("filter"));
  module.def("seed_of", [](const std::vector<std::uint64_t>& address) { return seed_of(address); }, py::arg("address"));
  module.def("count_pixels", &count, py::arg("events"), py::arg("width"), py::arg("height"));
}

}  // namespace aestream
