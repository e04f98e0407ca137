// Fuzzes ROS messages: four bytes choose the kind and the wire, then messages follow, each behind its length as u16.
#include "decode/ros.hpp"

#include <algorithm>
#include <vector>

#include "decode/decoder.hpp"
#include "decode/registry.hpp"
#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

void check_events(ByteSpan taken) {
  require(taken.size() % sizeof(Event) == 0, "events are whole");
  std::vector<Event> events(taken.size() / sizeof(Event));
  if (!events.empty()) std::memcpy(static_cast<void*>(events.data()), taken.data(), taken.size());
  for (const Event& event : events) {
    require(event.p <= 1, "polarity is 0 or 1");
    require(event.x >= 0 && event.y >= 0, "x and y are not negative");
    require(event.zero[0] == 0 && event.zero[1] == 0 && event.zero[2] == 0, "pad bytes are zero");
  }
}

/// Takes one message, from memory that ends where it ends.
void take(RosTopic& topic, ByteSpan message, std::vector<std::uint8_t>& words) {
  const std::vector<std::uint8_t> exact(message.begin(), message.end());
  try {
    const ByteSpan taken = topic.take(exact);
    require(taken.size() <= 64 * message.size(), "no more than eight events a word come out");
    if (topic.encoding().starts_with("evt")) {
      require(taken.size() <= message.size() && taken.size() % 2 == 0, "the words are some of the message's");
      if (topic.encoding() == "evt3") words.insert(words.end(), taken.begin(), taken.end());
    } else {
      check_events(taken);
    }
  } catch (const FormatError& error) {
    require(error.offset() <= message.size(), "an error lies within the message");
  }
}

void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t choice = bytes[0];
  RosTopic topic(bit(choice, 1) ? RosMessage::EventPacket : RosMessage::EventArray,
                 bit(choice, 0) ? RosWire::Cdr : RosWire::Ros1);
  std::vector<std::uint8_t> words;
  for (ByteSpan rest = bytes.subspan(4); rest.size() >= 2;) {
    const std::size_t size = std::min<std::size_t>(load_le16(rest.data()), rest.size() - 2);
    take(topic, rest.subspan(2, size), words);
    rest = rest.subspan(2 + size);
  }
  fuzz::check_decoder(*make_decoder("evt3"), words, choice);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_ros(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
