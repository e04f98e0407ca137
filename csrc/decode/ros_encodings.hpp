// The payloads of event_camera_msgs but for evt3, and dvs_msgs: one message in, its events out, in microseconds.
// Spec: github.com/ros-event-camera/event_camera_msgs (encodings), github.com/uzh-rpg/rpg_dvs_ros (dvs_msgs).
#pragma once

#include <vector>

#include "core/event.hpp"
#include "decode/ros_messages.hpp"

namespace aestream {

/// What a libcaer_cmp stream keeps from message to message. Events wait for what they build on.
struct CompactState {
  std::uint32_t x = 0;
  std::uint32_t base = 0;  // y of the next vector
  bool base_p = false;
  bool has_x = false;
  bool has_base = false;
};

/// Each appends the events of one message to `out`. FormatError counts from the start of the message.
void append_dvs(const RosEventArray& array, std::vector<Event>& out);
void append_mono(const RosEventPacket& packet, std::vector<Event>& out);
void append_libcaer(const RosEventPacket& packet, std::vector<Event>& out);
void append_libcaer_compact(const RosEventPacket& packet, CompactState& state, std::vector<Event>& out);

/// Appends edges as t i64, id i16, rising u8 and five zero bytes, which takes the room of one event.
void append_triggers(const RosEventPacket& packet, std::vector<Event>& out);

}  // namespace aestream
