// The two messages that carry events: dvs_msgs/EventArray and event_camera_msgs/EventPacket (once event_array_msgs/EventArray).
#pragma once

#include "decode/ros_fields.hpp"

namespace aestream {

/// dvs_msgs/EventArray up to its events, which `events` walks.
struct RosEventArray {
  std::uint32_t width;
  std::uint32_t height;
  std::size_t count;  // as the message says; no more than the bytes behind can hold
  RosFields events;
};

/// event_camera_msgs/EventPacket.
struct RosEventPacket {
  std::uint32_t width;
  std::uint32_t height;
  std::uint64_t seq;
  std::uint64_t time_base;    // nanoseconds
  std::string_view encoding;  // of the payload
  ByteSpan payload;
  std::size_t offset;  // of the payload, from the start of the message
};

/// Both throw FormatError if lengths exceed the message, or if it is big-endian.
RosEventArray read_event_array(ByteSpan message, RosWire wire);
RosEventPacket read_event_packet(ByteSpan message, RosWire wire);

}  // namespace aestream
