// What is written: the check of events against a sensor and a format, and files that the core writes.
#include <optional>
#include <string_view>

#include "bindings/bindings.hpp"
#include "core/unfinished_files.hpp"
#include "encode/csv.hpp"
#include "encode/encoded_file.hpp"
#include "encode/event_check.hpp"
#include "encode/registry.hpp"

namespace aestream {
namespace {

std::string_view name_of(Refusal::Reason reason) {
  switch (reason) {
    case Refusal::Reason::X: return "x";
    case Refusal::Reason::Y: return "y";
    case Refusal::Reason::Early: return "early";
    case Refusal::Reason::Late: return "late";
    case Refusal::Reason::First: return "first";
    case Refusal::Reason::Gap: return "gap";
    case Refusal::Reason::Span: return "span";
    case Refusal::Reason::Fall: return "fall";
    case Refusal::Reason::FallTooFar: return "fall_too_far";
  }
  return "";
}

EventCheck make_check(std::int64_t max_x, std::int64_t max_y, std::int64_t min_t, std::int64_t max_t,
                      std::int64_t max_first_t, std::uint64_t max_gap_us, std::uint64_t max_span_us, bool steps_back,
                      std::int64_t tick_us, std::int64_t wrap_us, std::int64_t max_fall_ticks) {
  if (max_x < 0 || max_x > 32767 || max_y < 0 || max_y > 32767) throw py::value_error("coordinates are int16");
  if (tick_us < 1 || wrap_us < 0 || max_fall_ticks < 0) throw py::value_error("a clock counts forwards");
  return EventCheck(
      {max_x, max_y, min_t, max_t, max_first_t, max_gap_us, max_span_us, steps_back, tick_us, wrap_us, max_fall_ticks});
}

std::optional<std::pair<std::size_t, std::string_view>> check_events(EventCheck& check, const py::buffer& events) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  std::optional<Refusal> refusal;
  {
    const py::gil_scoped_release released;
    refusal = check.check(span);
  }
  if (!refusal) return std::nullopt;
  return std::pair{refusal->index, name_of(refusal->reason)};
}

std::unique_ptr<EncodedFile> create_file(int descriptor, const std::string& format, std::int64_t width,
                                         std::int64_t height, std::string_view header) {
  const ByteSpan bytes(reinterpret_cast<const std::uint8_t*>(header.data()), header.size());
  return std::make_unique<EncodedFile>(descriptor, make_encoder(format, width, height), bytes);
}

void write_events(EncodedFile& file, const py::buffer& events) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const py::gil_scoped_release released;
  file.write(span);
}

/// Lines of t,x,y,p, for a pipe: files are EncodedFile's.
py::bytes encode_text(const py::buffer& events) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  std::vector<std::uint8_t> bytes(span.size() * CsvEncoder::max_line + Encoder::min_room);
  Encoded encoded;
  {
    const py::gil_scoped_release released;
    encoded = CsvEncoder({',', false}).encode(span, false, bytes);
  }
  return {reinterpret_cast<const char*>(bytes.data()), encoded.bytes};
}

}  // namespace

void register_encoders(py::module_& module) {
  py::classh<EventCheck>(module, "EventCheck")
      .def(py::init(&make_check), py::kw_only(), py::arg("max_x"), py::arg("max_y"), py::arg("min_t"), py::arg("max_t"),
           py::arg("max_first_t"), py::arg("max_gap_us"), py::arg("max_span_us"), py::arg("steps_back"),
           py::arg("tick_us"), py::arg("wrap_us"), py::arg("max_fall_ticks"))
      .def("check", &check_events, py::arg("events"))
      .def_property_readonly("num_events", &EventCheck::num_events)
      .def_property_readonly("last_time", &EventCheck::last_time);
  module.def("encode_text", &encode_text, py::arg("events"));
  py::classh<EncodedFile>(module, "EncodedFile")
      .def(py::init(&create_file), py::arg("descriptor"), py::arg("format"), py::arg("width"), py::arg("height"),
           py::arg("header"))
      .def("write", &write_events, py::arg("events"))
      .def("finish", &EncodedFile::finish, py::call_guard<py::gil_scoped_release>());
  module.def("add_unfinished", [](const py::bytes& path) { add_unfinished(path); }, py::arg("path"));
  module.def("drop_unfinished", [](const py::bytes& path) { drop_unfinished(path); }, py::arg("path"));
}

}  // namespace aestream
