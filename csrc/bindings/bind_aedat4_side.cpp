// Frames, samples and triggers of AEDAT4 as arrays.
#include "bindings/aedat4.hpp"
#include "bindings/records.hpp"
#include "decode/aedat4_side.hpp"
#include "recording/side_packets.hpp"

namespace aestream {
namespace {

std::unique_ptr<SidePackets> open_packets(std::shared_ptr<MappedFile> file, const Aedat4Header& header,
                                          std::vector<std::int32_t> streams, std::int32_t stream,
                                          py::object decompress_into) {
  const Aedat4Layout layout = make_layout(*file, header, std::move(streams));
  Inflate inflate = make_inflate(header, std::move(decompress_into));
  return std::make_unique<SidePackets>(std::move(file), layout, stream, header.compression, std::move(inflate));
}

/// Every record of every packet.
template <class Record>
py::array read_records(const SidePackets& packets, void (*read)(ByteSpan, std::vector<Record>&), const char* dtype) {
  std::vector<Record> records;
  {
    const py::gil_scoped_release released;
    Buffer scratch;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      packets.read(i, scratch, [&](ByteSpan packet) { read(packet, records); });
    }
  }
  return own_records(records, dtype);
}

py::array own_image(const StoredFrame& frame, Buffer&& pixels) {
  std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(frame.height), static_cast<py::ssize_t>(frame.width)};
  if (frame.channels > 1) shape.push_back(static_cast<py::ssize_t>(frame.channels));
  if (frame.channel_bytes == 1) return own_array<std::uint8_t>(std::move(pixels), std::move(shape));
  return own_array<std::uint16_t>(std::move(pixels), std::move(shape));
}

py::array to_array(const std::vector<std::int64_t>& numbers) {
  return py::array_t<std::int64_t>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
}

/// (numbers of the packets whose pixels read_frame() reads, times of their frames)
py::tuple list_frames(const SidePackets& packets) {
  std::vector<std::int64_t> numbers, times;
  {
    const py::gil_scoped_release released;
    Buffer scratch;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const StoredFrame frame = packets.read(i, scratch, read_frame_packet);
      if (frame.channels == 0) continue;
      numbers.push_back(static_cast<std::int64_t>(i));
      times.push_back(frame.t);
    }
  }
  return py::make_tuple(to_array(numbers), to_array(times));
}

/// (t, begin, end, exposure begin, exposure end, (x, y), image)
py::tuple read_frame(const SidePackets& packets, std::size_t index) {
  if (index >= packets.size()) throw py::index_error("no packet " + std::to_string(index));
  StoredFrame frame;
  Buffer pixels;
  {
    const py::gil_scoped_release released;
    Buffer scratch;
    frame = packets.read(index, scratch, read_frame_packet);
    pixels = Buffer(frame.pixels.size());
    std::ranges::copy(frame.pixels, pixels.data());
    frame.pixels = {};
  }
  if (frame.channels == 0) throw py::value_error("packet " + std::to_string(index) + " is not one of list_frames()");
  const auto offset = py::make_tuple(frame.offset_x, frame.offset_y);
  return py::make_tuple(frame.t, frame.begin, frame.end, frame.exposure_begin, frame.exposure_end, offset,
                        own_image(frame, std::move(pixels)));
}

}  // namespace

void register_aedat4_side(py::module_& module) {
  py::classh<SidePackets>(module, "SidePackets")
      .def("__len__", &SidePackets::size)
      .def("list_frames", &list_frames)
      .def("read_frame", &read_frame, py::arg("index"))
      .def("read_imu", [](const SidePackets& packets) { return read_records(packets, read_imu_packet, "IMU_DTYPE"); })
      .def("read_triggers",
           [](const SidePackets& packets) { return read_records(packets, read_trigger_packet, "TRIGGER_DTYPE"); });
  module.def("open_side_packets", &open_packets, py::arg("file"), py::arg("header"), py::arg("streams"),
             py::arg("stream"), py::arg("decompress_into"));
}

}  // namespace aestream
