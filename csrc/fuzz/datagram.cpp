// Fuzzes the decoders of datagrams, and the encoders with what they find.
#include "decode/datagram.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "encode/datagram.hpp"
#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

constexpr std::uint8_t untouched = 0xA5;

bool same(const Event& a, const Event& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

std::vector<Event> decode(DatagramFormat format, ByteSpan bytes, std::int64_t arrival_us, bool& is_malformed) {
  const std::size_t room = bytes.size() / min_event_size(format);
  std::vector<Event> events(room + 1);
  std::memset(&events.back(), untouched, sizeof(Event));
  SenderClock clock;
  const Datagram decoded = decode_datagram(format, bytes, clock, arrival_us, EventSpan(events).first(room));
  const auto* behind = reinterpret_cast<const std::uint8_t*>(&events.back());
  fuzz::require(decoded.events <= room, "no more events than there is room for");
  fuzz::require(std::all_of(behind, behind + sizeof(Event), [](std::uint8_t byte) { return byte == untouched; }),
                "nothing is written behind the room");
  is_malformed = decoded.is_malformed;
  events.resize(decoded.events);
  return events;
}

/// An event that was sent and received is the same, its time modulo 2^32 where the format has no more.
void check_round_trip(const DatagramLayout& layout, Event event) {
  if (!fits(layout, event)) return;
  std::vector<std::uint8_t> bytes(layout.event_size());
  encode_event(layout, event, bytes.data());
  bool is_malformed = true;
  const std::vector<Event> decoded = decode(layout.format, bytes, event.t, is_malformed);
  fuzz::require(decoded.size() == 1 && !is_malformed, "an event that was encoded is one");
  const bool is_spif = layout.format == DatagramFormat::Spif;
  if (is_spif ? layout.timestamps : layout.format == DatagramFormat::T32X16Y15On1) {
    event.t &= std::numeric_limits<std::uint32_t>::max();
  }
  fuzz::require(same(decoded[0], event), "an event that was encoded is the same");
}

void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t seed = load_le32(bytes.data());
  bytes = bytes.subspan(4);
  const auto format = static_cast<DatagramFormat>(seed % num_datagram_formats);
  const auto arrival_us = static_cast<std::int64_t>(seed >> 2);
  bool is_malformed = false;
  const std::vector<Event> events = decode(format, bytes, arrival_us, is_malformed);
  const std::size_t cut = seed / 3 % (bytes.size() + 1);
  bool is_cut_malformed = false;
  std::vector<Event> before = decode(format, bytes.first(cut), arrival_us, is_cut_malformed);
  // A cut between a word and its timestamp makes the word an event stamped on arrival; one within the timestamp is none.
  if (format == DatagramFormat::Spif && cut % 4 == 0 && !before.empty()) {
    if (before.size() > events.size() && is_malformed) {
      before.pop_back();
    } else if (before.size() <= events.size()) {
      before.back().t = events[before.size() - 1].t;
    }
  }
  fuzz::require(before.size() <= events.size() && std::equal(before.begin(), before.end(), events.begin(), same),
                "the events before a cut are those of the whole");
  for (const Event& event : events) {
    check_round_trip({format, true}, event);
    check_round_trip({format, false}, event);
  }
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_datagram(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
