// A word's type is the upper half of its last byte; only TIME_HIGH tells a time.
#include "decode/ros_evt2.hpp"

#include <algorithm>
#include <string>

#include "decode/evt21.hpp"

namespace aestream {
namespace {

constexpr std::size_t evt2_size = 4, evt21_size = 8;
constexpr std::uint8_t time_high = 0x8;

void check_whole(const RosEventPacket& packet, std::size_t word_size) {
  if (packet.payload.size() % word_size != 0) {
    throw FormatError(packet.offset, "expected whole words of " + std::to_string(word_size) + " bytes, found " +
                                         std::to_string(packet.payload.size()) + " bytes");
  }
}

}  // namespace

void Evt2Joiner::append_from(ByteSpan words, std::size_t word_size, std::vector<std::uint8_t>& out) {
  std::size_t i = 0;
  while (!has_time_ && i < words.size()) {
    has_time_ = words[i + word_size - 1] >> 4 == time_high;
    i += has_time_ ? 0 : word_size;
  }
  out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
}

void Evt2Joiner::append(const RosEventPacket& packet, std::vector<std::uint8_t>& out) {
  check_whole(packet, evt2_size);
  append_from(packet.payload, evt2_size, out);
}

void Evt2Joiner::append_evt21(const RosEventPacket& packet, std::vector<std::uint8_t>& out) {
  check_whole(packet, evt21_size);
  if (!knows_order_ && !packet.payload.empty()) {
    knows_order_ = true;
    is_legacy_ = sniff_evt21_order(packet.payload) == Evt21Order::Legacy;
  }
  if (!is_legacy_) return append_from(packet.payload, evt21_size, out);
  std::vector<std::uint8_t> turned(packet.payload.begin(), packet.payload.end());
  for (auto word = turned.begin(); word != turned.end(); word += evt21_size) {
    std::swap_ranges(word, word + evt21_size / 2, word + evt21_size / 2);
  }
  append_from(turned, evt21_size, out);
}

}  // namespace aestream
