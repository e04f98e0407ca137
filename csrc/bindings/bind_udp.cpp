// UDP: datagrams to events for tests, the receiver behind UDPInput, the sender behind UDPOutput.
#include <limits>
#include <optional>
#include <vector>

#include "bindings/bindings.hpp"
#include "bindings/columns.hpp"
#include "decode/datagram.hpp"
#include "recording/recording.hpp"
#include "stream/udp_receiver.hpp"
#include "stream/udp_sender.hpp"

namespace aestream {
namespace {

py::tuple decode(const std::string& protocol, const py::buffer& datagram, SenderClock& clock, std::int64_t arrival_us) {
  const DatagramFormat format = to_datagram_format(protocol);
  const py::buffer_info info = datagram.request();
  const ByteSpan bytes = view_bytes(info);
  const std::size_t room = bytes.size() / min_event_size(format);
  Buffer events(room * sizeof(Event));
  const Datagram decoded = decode_datagram(format, bytes, clock, arrival_us, {events.as<Event>(), room});
  return py::make_tuple(own_events(std::move(events), decoded.events), decoded.is_malformed);
}

std::unique_ptr<UdpReceiver> make_receiver(std::shared_ptr<EventSink> sink, const std::string& host, std::uint16_t port,
                                           const std::string& protocol, const std::string& interface) {
  const DatagramFormat format = to_datagram_format(protocol);
  const py::gil_scoped_release released;
  return std::make_unique<UdpReceiver>(std::move(sink), UdpAddress{host, port, interface}, format);
}

std::unique_ptr<UdpSender> make_sender(const std::string& host, std::uint16_t port, const std::string& protocol,
                                       bool timestamps, std::size_t datagram_bytes, double speed, double rate_hz,
                                       const std::string& interface) {
  const DatagramLayout layout{to_datagram_format(protocol), timestamps};
  const py::gil_scoped_release released;
  return std::make_unique<UdpSender>(UdpAddress{host, port, interface}, layout, datagram_bytes, Pace{speed, rate_hz});
}

bool go_on() {
  const py::gil_scoped_acquire acquired;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  return true;
}

/// Times that `shift` takes beyond int64 become its limits.
void shift_times(ConstEventSpan events, std::int64_t shift, std::vector<Event>& out) {
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                         high = std::numeric_limits<std::int64_t>::max();
  out.assign(events.begin(), events.end());
  for (Event& event : out) {
    if (shift >= 0) {
      event.t = event.t > high - shift ? high : event.t + shift;
    } else {
      event.t = event.t < low - shift ? low : event.t + shift;
    }
  }
}

void send_recording(UdpSender& sender, const Recording& recording, std::optional<std::int64_t> start,
                    std::optional<std::int64_t> stop, std::int64_t shift_us, std::size_t threads) {
  const Window window{start.value_or(INT64_MIN), stop.value_or(INT64_MAX), true};
  std::vector<Event> shifted;
  recording.guarded([&] {
    const auto cursor = recording.open(window.start, threads);
    visit(*cursor, 0, window, [&](ConstEventSpan events) {
      recording.check_block();
      if (shift_us == 0) return sender.send(events, go_on);
      shift_times(events, shift_us, shifted);
      return sender.send(shifted, go_on);
    });
  });
}

}  // namespace

void register_udp(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::classh<SenderClock>(module, "SenderClock").def(py::init());
  module.def("decode_datagram", &decode, py::arg("protocol"), py::arg("datagram"), py::arg("clock"),
             py::arg("arrival_us"));
  py::classh<UdpReceiver>(module, "UdpReceiver")
      .def(py::init(&make_receiver), py::arg("sink"), py::arg("host"), py::arg("port"), py::arg("protocol"),
           py::arg("interface"))
      .def_property_readonly("port", &UdpReceiver::port)
      .def_property_readonly("receive_buffer", &UdpReceiver::receive_buffer)
      .def("stop", &UdpReceiver::stop, Release());
  py::classh<UdpSender>(module, "UdpSender")
      .def(py::init(&make_sender), py::arg("host"), py::arg("port"), py::arg("protocol"), py::arg("timestamps"),
           py::arg("datagram_bytes"), py::arg("speed"), py::arg("rate_hz"), py::arg("interface"))
      .def(
          "send",
          [](UdpSender& sender, const py::array& events) {
            for_each_block(view_columns(events), [&sender](ConstEventSpan block) { sender.send(block, go_on); });
          },
          py::arg("events"))
      .def("send_recording", &send_recording, py::arg("recording"), py::arg("start_us"), py::arg("stop_us"),
           py::arg("shift_us"), py::arg("threads"), Release())
      .def_property_readonly("counts", [](const UdpSender& sender) {
        const SendCounts counts = sender.counts();
        return std::tuple{counts.events, counts.datagrams, counts.rejected};
      });
}

}  // namespace aestream
