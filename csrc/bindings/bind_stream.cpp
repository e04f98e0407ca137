// The sink of a stream, the windows that are cut from it, and the replay of a recording into it.
#include <mutex>
#include <optional>

#include "bindings/accumulate.hpp"
#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "stream/event_sink.hpp"
#include "stream/replay.hpp"
#include "stream/stream_windows.hpp"

namespace aestream {
namespace {

using Clock = EventSink::Clock;

constexpr std::chrono::milliseconds slice{50};  // between looks for a Ctrl-C

std::shared_ptr<EventSink> make_sink(std::int64_t width, std::int64_t height, bool frames, std::size_t capacity) {
  const auto mode = frames ? EventSink::Mode::Frames : EventSink::Mode::Undecided;
  return std::make_shared<EventSink>(to_geometry(width, height), mode, capacity);
}

py::array_t<float> take_frame(EventSink& sink) {
  Buffer frame;
  {
    const py::gil_scoped_release released;
    frame = sink.take();
  }
  return own_array<float>(std::move(frame), {sink.geometry().width, sink.geometry().height});
}

/// A Python exception is thrown at the consumer as it is.
void close_sink(EventSink& sink, const py::object& error) {
  std::exception_ptr thrown;
  if (!error.is_none()) {
    PyErr_SetObject(py::type::of(error).ptr(), error.ptr());
    thrown = std::make_exception_ptr(py::error_already_set());
  }
  const py::gil_scoped_release released;
  sink.close(std::move(thrown));
}

py::dict count_events(const EventSink& sink) {
  const StreamCounts counts = sink.counts();
  py::dict result;
  result["received"] = counts.received;
  result["delivered"] = counts.delivered;
  result["pending"] = counts.pending;
  result["out_of_bounds"] = counts.out_of_bounds;
  result["dropped"] = counts.dropped;
  result["malformed"] = counts.malformed;
  result["packets"] = counts.packets;
  result["kernel_drops"] = counts.kernel_drops;
  result["age_median_us"] = counts.age_median_us;
  result["age_p99_us"] = counts.age_p99_us;
  result["rate_hz"] = counts.seconds > 0 ? static_cast<double>(counts.received) / counts.seconds : 0.0;
  return result;
}

Clock::duration to_duration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e9)));
}

Late to_late(const std::string& name) {
  if (name == "queue") return Late::Queue;
  if (name == "merge") return Late::Merge;
  if (name == "latest") return Late::Latest;
  throw py::value_error("late must be \"queue\", \"merge\" or \"latest\"; got \"" + name + '"');
}

struct PyWindows {
  std::shared_ptr<EventSink> sink;
  RepresentationPtr representation;
  std::mutex mutex;  // for several threads of Python; never held while waiting for the GIL
  StreamWindows windows;
  bool has_ended = false;

  PyWindows(std::shared_ptr<EventSink> from, const WindowRule& rule, Late late, RepresentationPtr spec)
      : sink(std::move(from)),
        representation(std::move(spec)),
        windows(sink, rule, late, representation ? representation->accumulator(sink->geometry()) : nullptr) {}

  py::object next(std::optional<double> timeout_s) {
    const auto patience = timeout_s ? to_duration(*timeout_s) : Clock::duration::max();
    while (true) {
      std::optional<StreamItem> item;
      bool ended = false;
      {
        const py::gil_scoped_release released;
        const std::lock_guard lock(mutex);
        const auto deadline = Clock::now() + std::min<Clock::duration>(slice, patience);
        item = windows.next(deadline, patience);
        ended = windows.ended();
      }
      has_ended = ended;
      if (item) return to_tuple(std::move(*item));
      if (ended) return py::none();
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    }
  }

  void abandon() {
    const py::gil_scoped_release released;
    const std::lock_guard lock(mutex);
    windows.abandon();
  }

  py::tuple to_tuple(StreamItem&& item) const {
    const TimeSpan times = item.times;
    py::array values = representation
                           ? own_tensors(std::move(item.memory), *representation, sink->geometry(), std::nullopt)
                           : own_events(std::move(item.memory), item.events);
    return py::make_tuple(std::move(values), times.start, times.stop);
  }
};

std::shared_ptr<PyWindows> make_windows(std::shared_ptr<EventSink> sink, bool by_time, std::int64_t length,
                                        RepresentationPtr spec, std::optional<std::int64_t> align_us,
                                        std::optional<std::int64_t> start_us, std::optional<double> gap_s,
                                        const std::string& late, bool has_arrivals) {
  if (length < 1) throw py::value_error("a window must have a length of 1 or more");
  WindowRule rule{by_time, length, align_us, by_time ? start_us : std::nullopt, has_arrivals, std::nullopt};
  if (gap_s) rule.gap = to_duration(*gap_s);
  return std::make_shared<PyWindows>(std::move(sink), rule, to_late(late), std::move(spec));
}

struct PyReplay {
  Replay replay;

  PyReplay(std::shared_ptr<Recording> recording, std::shared_ptr<EventSink> sink, std::optional<std::int64_t> start,
           std::optional<std::int64_t> stop, bool real_time)
      : replay(std::move(recording), std::move(sink), {start.value_or(INT64_MIN), stop.value_or(INT64_MAX), true},
               real_time) {}

  /// The playing thread may need the GIL to inflate a packet: it must be able to get it before it is joined.
  ~PyReplay() {
    const py::gil_scoped_release released;
    replay.stop();
  }
};

}  // namespace

void register_stream(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::classh<EventSink>(module, "EventSink")
      .def(py::init(&make_sink), py::arg("width"), py::arg("height"), py::arg("frames") = false,
           py::arg("capacity") = EventSink::default_capacity)
      .def(
          "push",
          [](EventSink& sink, const py::array& events) {
            for_each_block(view_columns(events), [&sink](ConstEventSpan block) { sink.push(block); });
          },
          py::arg("events"))
      .def(
          "push_columns",
          [](EventSink& sink, py::array t, py::array x, py::array y, py::array p) {
            const ColumnView view = view_columns(std::array{std::move(t), std::move(x), std::move(y), std::move(p)});
            for_each_block(view, [&sink](ConstEventSpan block) { sink.push(block); });
          },
          py::arg("t"), py::arg("x"), py::arg("y"), py::arg("p"))
      .def("count_packets", &EventSink::count_packets, py::arg("packets"), py::arg("malformed") = 0, Release())
      .def("count_kernel_drops", &EventSink::count_kernel_drops, py::arg("packets"), Release())
      .def("close", &close_sink, py::arg("error") = py::none())
      .def("take", &take_frame)
      .def("is_streaming", &EventSink::is_streaming, Release())
      .def("raise_error", &EventSink::rethrow, Release())
      .def("counts", &count_events);
  py::classh<PyWindows>(module, "StreamWindows")
      .def(py::init(&make_windows), py::arg("sink"), py::arg("by_time"), py::arg("length"), py::arg("spec"),
           py::arg("align_us") = py::none(), py::arg("start_us") = py::none(), py::arg("gap_s") = py::none(),
           py::arg("late") = "queue", py::arg("has_arrivals") = true)
      .def("next", &PyWindows::next, py::arg("timeout_s"))
      .def_property_readonly("ended", [](const PyWindows& self) { return self.has_ended; })
      .def("abandon", &PyWindows::abandon);
  py::classh<PyReplay>(module, "Replay")
      .def(py::init<std::shared_ptr<Recording>, std::shared_ptr<EventSink>, std::optional<std::int64_t>,
                    std::optional<std::int64_t>, bool>(),
           py::arg("recording"), py::arg("sink"), py::arg("start_us"), py::arg("stop_us"), py::arg("real_time"),
           Release())
      .def("stop", [](PyReplay& self) { self.replay.stop(); }, Release());
}

}  // namespace aestream
