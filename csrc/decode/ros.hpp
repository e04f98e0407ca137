// The messages of one ROS topic, one after another, as what a stream decoder reads: words of EVT, or whole events.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decode/ros_encodings.hpp"
#include "decode/ros_evt2.hpp"
#include "decode/ros_evt3.hpp"

namespace aestream {

enum class RosMessage { EventArray, EventPacket };

class RosTopic {
 public:
  RosTopic(RosMessage message, RosWire wire) : message_(message), wire_(wire) {}

  /// The bytes of one message: words if encoding() is "evt2", "evt21" or "evt3", edges of 16 bytes if it is "trigger", else `Event`s.
  /// They lie here until the next call. Throws FormatError, counted from the start of the message, if the message is
  /// damaged, its encoding unknown, or if it contradicts the ones before.
  ByteSpan take(ByteSpan message);

  /// "dvs" for dvs_msgs; what the packets say; empty before the first message.
  const std::string& encoding() const noexcept { return encoding_; }

  /// (width, height), or none before the first message and where messages leave it 0.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> shape() const;

 private:
  void check_same(std::uint32_t width, std::uint32_t height, std::string_view encoding);
  void take_packet(const RosEventPacket& packet);
  bool holds_words() const noexcept { return encoding_.starts_with("evt"); }

  RosMessage message_;
  RosWire wire_;
  bool started_ = false;
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  std::string encoding_;
  std::uint64_t next_seq_ = 0;
  CompactState compact_;
  Evt2Joiner evt2_;
  Evt3Joiner evt3_;
  std::vector<Event> events_;
  std::vector<std::uint8_t> words_;
};

}  // namespace aestream
