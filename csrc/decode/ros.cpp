// RosTopic: what messages have to agree on, and which encoding is whose.
#include "decode/ros.hpp"

namespace aestream {
namespace {

constexpr std::uint32_t most_pixels = 32768;  // along an axis: x and y are int16

std::string shape_text(std::uint32_t width, std::uint32_t height) {
  return std::to_string(width) + 'x' + std::to_string(height);
}

/// A name as it can be printed, however long or odd it is.
std::string quoted(std::string_view name) {
  std::string text(name.substr(0, 40));
  for (char& letter : text) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return '"' + text + '"';
}

}  // namespace

std::optional<std::pair<std::uint32_t, std::uint32_t>> RosTopic::shape() const {
  if (width_ == 0 || height_ == 0) return std::nullopt;
  return std::pair{width_, height_};
}

void RosTopic::check_same(std::uint32_t width, std::uint32_t height, std::string_view encoding) {
  if (width > most_pixels || height > most_pixels) {
    throw FormatError(0, "expected at most 32768 pixels along an axis, found " + shape_text(width, height));
  }
  if (!started_) {
    started_ = true;
    width_ = width;
    height_ = height;
    encoding_ = encoding;
  } else if (width != width_ || height != height_) {
    throw FormatError(0, "expected a sensor of " + shape_text(width_, height_) + " as in the messages before, found " +
                             shape_text(width, height));
  } else if (encoding != encoding_) {
    throw FormatError(
        0, "expected the encoding " + quoted(encoding_) + " as in the messages before, found " + quoted(encoding));
  }
}

void RosTopic::take_packet(const RosEventPacket& packet) {
  const bool is_first = !started_;
  check_same(packet.width, packet.height, packet.encoding);
  if (is_first || packet.seq != next_seq_) {
    evt2_.lose_state();
    evt3_.lose_state();
    compact_ = {};
  }
  next_seq_ = packet.seq + 1;
  if (encoding_ == "evt3") return evt3_.append(packet, words_);
  if (encoding_ == "evt2") return evt2_.append(packet, words_);
  if (encoding_ == "evt21") return evt2_.append_evt21(packet, words_);
  if (encoding_ == "mono") return append_mono(packet, events_);
  if (encoding_ == "libcaer") return append_libcaer(packet, events_);
  if (encoding_ == "libcaer_cmp") return append_libcaer_compact(packet, compact_, events_);
  if (encoding_ == "trigger") return append_triggers(packet, events_);
  throw FormatError(
      0, "expected the encoding evt2, evt21, evt3, mono, libcaer, libcaer_cmp or trigger, found " + quoted(encoding_));
}

ByteSpan RosTopic::take(ByteSpan message) {
  events_.clear();
  words_.clear();
  if (message_ == RosMessage::EventArray) {
    const RosEventArray array = read_event_array(message, wire_);
    check_same(array.width, array.height, "dvs");
    append_dvs(array, events_);
  } else {
    take_packet(read_event_packet(message, wire_));
  }
  if (holds_words()) return words_;
  return {reinterpret_cast<const std::uint8_t*>(events_.data()), events_.size() * sizeof(Event)};
}

}  // namespace aestream
