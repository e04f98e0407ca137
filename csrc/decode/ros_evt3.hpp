// EVT3 payloads of ROS messages joined to one stream, without what was lost with a message that is missing.
#pragma once

#include <vector>

#include "decode/ros_messages.hpp"

namespace aestream {

class Evt3Joiner {
 public:
  /// The state of the words before is unknown: a message is missing, or this is the first.
  void lose_state() noexcept { has_time_ = has_y_ = has_base_ = false; }

  /// Appends the words of a payload. While the state is unknown, changes are left out until TIME_HIGH and ADDR_Y were
  /// both there, vectors until VECT_BASE_X was, triggers until TIME_HIGH was.
  void append(const RosEventPacket& packet, std::vector<std::uint8_t>& out);

 private:
  bool knows(std::uint32_t word) noexcept;

  bool started_ = false;  // no word before the first TIME_HIGH counts
  bool has_time_ = false;
  bool has_y_ = false;
  bool has_base_ = false;
};

}  // namespace aestream
