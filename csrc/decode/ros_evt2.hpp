// EVT2 and EVT2.1 payloads of ROS messages joined to one stream, without what was lost with a message that is missing.
#pragma once

#include <vector>

#include "decode/ros_messages.hpp"

namespace aestream {

class Evt2Joiner {
 public:
  /// The time of the words before is unknown: a message is missing, or this is the first.
  void lose_state() noexcept { has_time_ = false; }

  /// Appends the words of a payload. While the time is unknown, all words before the next TIME_HIGH are left out.
  void append(const RosEventPacket& packet, std::vector<std::uint8_t>& out);

  /// The same for EVT2.1, whose words come out with the mask first, in whichever order they lie here.
  void append_evt21(const RosEventPacket& packet, std::vector<std::uint8_t>& out);

 private:
  void append_from(ByteSpan words, std::size_t word_size, std::vector<std::uint8_t>& out);

  bool has_time_ = false;
  bool knows_order_ = false;
  bool is_legacy_ = false;
};

}  // namespace aestream
