// AEDAT4: the header for Python to read its XML, recordings whose packets a Python callable inflates, and the encoder.
#include <array>
#include <optional>
#include <utility>

#include "bindings/aedat4.hpp"
#include "core/error.hpp"
#include "decode/aedat4.hpp"
#include "encode/aedat4.hpp"
#include "encode/lz4_packet.hpp"
#include "recording/packet_source.hpp"
#include "recording/recording.hpp"

namespace aestream {
namespace {

std::unique_ptr<Recording> open_aedat4(std::shared_ptr<MappedFile> file, const Aedat4Header& header,
                                       std::vector<std::int32_t> streams, std::optional<std::int32_t> stream,
                                       py::object decompress_into) {
  Aedat4Layout layout = make_layout(*file, header, std::move(streams));
  Inflate inflate = make_inflate(header, std::move(decompress_into));
  auto source = std::make_unique<PacketSource>(file, std::move(layout), stream, header.compression, std::move(inflate));
  return std::make_unique<Recording>(std::move(file), std::move(source));
}

py::bytes to_bytes(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The packet, as it is or as an LZ4 frame, and the earliest and the latest time in it.
py::tuple encode_packet(const py::buffer& events, bool lz4) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  std::size_t size = packet_head + span.size_bytes();
  if (lz4 && size > max_lz4_packet) throw py::value_error("a packet of so many events is not for LZ4");
  Buffer packet;
  PacketTimes times{};
  {
    const py::gil_scoped_release released;
    packet = Buffer(size);
    times = encode_event_packet(span, packet.data());
    if (lz4) {
      Buffer frame(lz4_room(size));
      size = compress_packet({packet.data(), size}, packet_head, frame.data());
      packet = std::move(frame);
    }
  }
  return py::make_tuple(own_array<std::uint8_t>(std::move(packet), {static_cast<py::ssize_t>(size)}), times.first,
                        times.last);
}

std::vector<std::size_t> cut_packets(PacketCutter& cutter, const py::buffer& events) {
  const py::buffer_info info = events.request();
  const ConstEventSpan span = view_events(info);
  const py::gil_scoped_release released;
  return cutter.cut(span);
}

py::bytes encode_table(const std::vector<std::array<std::int64_t, 5>>& rows) {
  std::vector<TableRow> table;
  for (const auto& [offset, size, count, first, last] : rows) table.push_back({offset, size, count, first, last});
  return to_bytes(encode_data_table(table));
}

}  // namespace

void register_aedat4(py::module_& module) {
  py::classh<Aedat4Header>(module, "Aedat4Header")
      .def_property_readonly("compression",
                             [](const Aedat4Header& header) { return static_cast<int>(header.compression); })
      .def_readonly("table_position", &Aedat4Header::table_position)
      .def_property_readonly("info_node", [](const Aedat4Header& header) { return py::bytes(header.info_node); })
      .def_readonly("info_position", &Aedat4Header::info_position)
      .def_readonly("packets", &Aedat4Header::packets);
  module.def(
      "read_aedat4_header", [](const MappedFile& file) { return read_aedat4_header(file.bytes()); }, py::arg("file"));
  module.def("open_aedat4", &open_aedat4, py::arg("file"), py::arg("header"), py::arg("streams"), py::arg("stream"),
             py::arg("decompress_into"));
  module.def(
      "encode_aedat4_header",
      [](int compression, std::int64_t table_position, std::string_view info_node) {
        return to_bytes(encode_aedat4_header(static_cast<Aedat4Compression>(compression), table_position, info_node));
      },
      py::arg("compression"), py::arg("table_position"), py::arg("info_node"));
  py::classh<PacketCutter>(module, "PacketCutter")
      .def(py::init<std::uint64_t, std::size_t>(), py::arg("packet_us"), py::arg("max_events"))
      .def("cut", &cut_packets, py::arg("events"));
  module.def("encode_aedat4_packet", &encode_packet, py::arg("events"), py::arg("lz4"));
  module.def("encode_aedat4_table", &encode_table, py::arg("rows"));
}

}  // namespace aestream
