// Which EVT3 words may follow a gap; the events themselves are Evt3Decoder's.
#include "decode/ros_evt3.hpp"

#include "decode/evt3_words.hpp"

namespace aestream {

/// Takes note of a word; returns whether all that it builds on is known.
bool Evt3Joiner::knows(std::uint32_t word) noexcept {
  constexpr std::uint32_t ext_trigger = 0xA;
  const std::uint32_t type = evt3::type_of(word);
  if (type == evt3::TimeHigh) started_ = has_time_ = true;
  if (!started_) return false;
  switch (type) {
    case evt3::AddrY: has_y_ = true; break;
    case evt3::VectBaseX: has_base_ = true; break;
    case evt3::AddrX: return has_time_ && has_y_;
    case evt3::Vect12:
    case evt3::Vect8:
      if (has_time_ && has_y_ && has_base_) return true;
      has_base_ = false;  // a vector that is left out does not move the base
      return false;
    case ext_trigger: return has_time_;
    default: break;
  }
  return true;
}

void Evt3Joiner::append(const RosEventPacket& packet, std::vector<std::uint8_t>& out) {
  const ByteSpan words = packet.payload;
  if (words.size() % evt3::word_size != 0) {
    throw FormatError(packet.offset,
                      "expected EVT3 words of 2 bytes, found " + std::to_string(words.size()) + " bytes");
  }
  out.reserve(out.size() + words.size());
  std::size_t i = 0;
  for (; i < words.size() && !(has_time_ && has_y_ && has_base_); i += evt3::word_size) {
    if (knows(load_le16(&words[i]))) out.insert(out.end(), &words[i], &words[i] + evt3::word_size);
  }
  out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
}

}  // namespace aestream
