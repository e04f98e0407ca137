// Replay: a frame per take(), without the GIL.
#include <optional>

#include "bindings/bindings.hpp"
#include "stream.hpp"

namespace aestream {
namespace {

struct PyReplay {
  Geometry geometry;
  Replay replay;

  PyReplay(std::shared_ptr<Recording> recording, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
           std::uint32_t width, std::uint32_t height, bool real_time)
      : geometry{width, height},
        replay(std::move(recording), {start.value_or(INT64_MIN), stop.value_or(INT64_MAX), true}, geometry, real_time) {
  }

  /// The playing thread may need the GIL to inflate a packet: it must be able to get it before it is joined.
  ~PyReplay() {
    const py::gil_scoped_release released;
    replay.stop();
  }

  py::array_t<float> take() {
    Buffer frame;
    {
      const py::gil_scoped_release released;
      frame = replay.take();
    }
    return own_array<float>(std::move(frame), {geometry.width, geometry.height});
  }
};

}  // namespace

void register_stream(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::classh<PyReplay>(module, "Replay")
      .def(py::init<std::shared_ptr<Recording>, std::optional<std::int64_t>, std::optional<std::int64_t>, std::uint32_t,
                    std::uint32_t, bool>(),
           py::arg("recording"), py::arg("start_us"), py::arg("stop_us"), py::arg("width"), py::arg("height"),
           py::arg("real_time"), Release())
      .def("take", &PyReplay::take)
      .def(
          "is_streaming", [](const PyReplay& self) { return self.replay.is_streaming(); }, Release())
      .def(
          "stop", [](PyReplay& self) { self.replay.stop(); }, Release())
      .def("counts", [](const PyReplay& self) {
        const StreamCounts counts = self.replay.counts();
        return std::tuple{counts.received, counts.out_of_bounds,
                          counts.seconds > 0 ? static_cast<double>(counts.received) / counts.seconds : 0.0};
      });
}

}  // namespace aestream
