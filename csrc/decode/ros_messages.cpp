// What lies around the events of a ROS message.
#include "decode/ros_messages.hpp"

namespace aestream {
namespace {

constexpr std::size_t least_event = 13;  // bytes of x u16, y u16, sec u32, nsec u32, polarity

/// std_msgs/Header: host time and frame, which say nothing about the events.
void skip_header(RosFields& fields) {
  if (fields.wire() == RosWire::Ros1) fields.take<std::uint32_t>();  // seq
  fields.take<std::uint32_t>();
  fields.take<std::uint32_t>();
  fields.take_string();
}

}  // namespace

RosEventArray read_event_array(ByteSpan message, RosWire wire) {
  RosFields fields(message, wire);
  skip_header(fields);
  const auto height = fields.take<std::uint32_t>(), width = fields.take<std::uint32_t>();
  const std::size_t count = fields.take<std::uint32_t>();
  if (count > fields.left() / least_event) {
    throw FormatError(fields.offset() - sizeof(std::uint32_t),
                      "expected events that the message has room for, found a count of " + std::to_string(count));
  }
  return {width, height, count, fields};
}

RosEventPacket read_event_packet(ByteSpan message, RosWire wire) {
  RosFields fields(message, wire);
  skip_header(fields);
  const auto height = fields.take<std::uint32_t>(), width = fields.take<std::uint32_t>();
  const auto seq = fields.take<std::uint64_t>(), time_base = fields.take<std::uint64_t>();
  const std::string_view encoding = fields.take_string();
  const auto is_bigendian = fields.take<std::uint8_t>();
  if (is_bigendian != 0) {
    throw FormatError(fields.offset() - 1,
                      "expected little-endian events, found is_bigendian " + std::to_string(is_bigendian));
  }
  const ByteSpan payload = fields.take_bytes(fields.take<std::uint32_t>());
  const std::size_t offset = fields.offset() - payload.size();
  fields.finish();
  return {width, height, seq, time_base, encoding, payload, offset};
}

}  // namespace aestream
