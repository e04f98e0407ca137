// Representations, and accumulating events that lie in memory.
#include "bindings/accumulate.hpp"

#include <limits>
#include <map>
#include <new>
#include <optional>

#include "recording/event_array.hpp"

namespace aestream {
namespace {

FrameSpec make_frame(const std::string& polarity, const std::string& dtype) {
  const std::map<std::string, FrameSpec::Polarity> polarities{{"split", FrameSpec::Polarity::Split},
                                                              {"sum", FrameSpec::Polarity::Sum},
                                                              {"difference", FrameSpec::Polarity::Difference}};
  const std::map<std::string, FrameSpec::Type> types{{"float32", FrameSpec::Type::Float32},
                                                     {"uint8", FrameSpec::Type::UInt8}};
  if (!polarities.contains(polarity)) {
    throw py::value_error("polarity must be split, sum or difference, got " + polarity);
  }
  if (!types.contains(dtype)) throw py::value_error("dtype must be float32 or uint8, got " + dtype);
  const FrameSpec spec{polarities.at(polarity), types.at(dtype)};
  if (spec.polarity == FrameSpec::Polarity::Difference && !spec.is_float()) {
    throw py::value_error("a difference can be negative: dtype must be float32, got uint8");
  }
  return spec;
}

VoxelGridSpec make_voxel_grid(std::int64_t bins) {
  if (bins < 1 || bins > max_bins) {
    throw py::value_error("bins must lie in [1, " + std::to_string(max_bins) + "], got " + std::to_string(bins));
  }
  return {static_cast<std::size_t>(bins)};
}

py::tuple accumulate_windows(const py::buffer& events, const Representation& representation, std::int64_t width,
                             std::int64_t height, const WindowArray& windows, bool by_time, std::size_t threads) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const Geometry geometry = to_geometry(width, height);
  const std::vector<Window> all = to_windows(windows, by_time);
  Buffer memory;
  std::size_t outside = 0;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(representation, geometry, all.size());
    outside = accumulate(span, all, make_accumulator(representation, geometry), memory.data(), threads);
  }
  return py::make_tuple(own_tensors(std::move(memory), representation, geometry, all.size()), outside);
}

py::tuple accumulate_one(const py::buffer& events, const Representation& representation, std::int64_t width,
                         std::int64_t height, std::optional<std::int64_t> start_us,
                         std::optional<std::int64_t> stop_us) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const Geometry geometry = to_geometry(width, height);
  Buffer memory;
  std::size_t outside = 0;
  {
    const py::gil_scoped_release released;
    memory = allocate_tensors(representation, geometry, 1);
    const auto accumulator = make_accumulator(representation, geometry)();
    outside = accumulate_all(span, start_us, stop_us, *accumulator, memory.data());
  }
  return py::make_tuple(own_tensors(std::move(memory), representation, geometry, std::nullopt), outside);
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
  const std::size_t element = is_float(representation) ? sizeof(float) : 1;
  const std::size_t tensor = channels(representation) * geometry.width * geometry.height * element;
  if (count > limit / tensor) throw std::bad_alloc();
  return Buffer(count * tensor);
}

py::array own_tensors(Buffer&& memory, const Representation& representation, Geometry geometry,
                      std::optional<std::size_t> count) {
  std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(channels(representation)), geometry.height, geometry.width};
  if (count) shape.insert(shape.begin(), static_cast<py::ssize_t>(*count));
  if (is_float(representation)) return own_array<float>(std::move(memory), std::move(shape));
  return own_array<std::uint8_t>(std::move(memory), std::move(shape));
}

void register_accumulate(py::module_& module) {
  py::classh<FrameSpec>(module, "FrameSpec").def(py::init(&make_frame), py::arg("polarity"), py::arg("dtype"));
  py::classh<VoxelGridSpec>(module, "VoxelGridSpec").def(py::init(&make_voxel_grid), py::arg("bins"));
  module.def("accumulate", &accumulate_windows, py::arg("events"), py::arg("spec"), py::arg("width"), py::arg("height"),
             py::arg("windows"), py::arg("by_time"), py::arg("threads"));
  module.def("accumulate_all", &accumulate_one, py::arg("events"), py::arg("spec"), py::arg("width"), py::arg("height"),
             py::arg("start_us") = py::none(), py::arg("stop_us") = py::none());
}

}  // namespace aestream
