// Fuzzes the packets of AEDAT 3.1 in memory: the walk through them, and their events whole, counted and piece by piece.
#include "decode/aedat3.hpp"

#include <algorithm>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

constexpr std::size_t piece = 3;  // events that decoding has room for at a time

void check_events(const Aedat3Packet& packet, bool keep_invalid) {
  const std::size_t stored = packet.events.size() / aedat3_event_size;
  std::vector<Event> whole(stored), pieces;
  const Progress progress = decode_aedat3(packet.events, packet.time_base, keep_invalid, whole);
  require(progress.bytes == packet.events.size() && progress.events <= stored, "room for all events is enough");
  whole.resize(progress.events);
  const Scan scan = scan_aedat3(packet.events, packet.time_base, keep_invalid);
  require(scan.bytes == progress.bytes && scan.events == progress.events, "scanning counts the events of decoding");
  std::int64_t latest = no_time;
  for (const Event& event : whole) latest = std::max(latest, event.t);
  require(scan.time_bound == latest, "scanning finds the latest time");
  for (ByteSpan rest = packet.events; !rest.empty();) {
    Event few[piece + 1];
    few[piece].t = no_time;
    const Progress part = decode_aedat3(rest, packet.time_base, keep_invalid, EventSpan(few).first(piece));
    require(part.bytes != 0 && part.events <= piece && few[piece].t == no_time, "decoding stays in its room");
    pieces.insert(pieces.end(), few, few + part.events);
    rest = rest.subspan(part.bytes);
  }
  const auto same = [](const Event& a, const Event& b) { return std::memcmp(&a, &b, sizeof a) == 0; };
  require(std::ranges::equal(pieces, whole, same), "any room gives the same events");
}

void check_walk(ByteSpan file, std::optional<std::uint16_t> camera) {
  Aedat3Walk walk(file, 0, camera);
  std::size_t before = 0;
  while (const auto packet = walk.next()) {
    require(packet->offset >= before && walk.offset() > packet->offset, "every packet lies behind the one before");
    const std::uint8_t* begin = file.data() + packet->begin();
    require(packet->events.data() == begin && begin + packet->events.size() <= file.data() + walk.offset(),
            "a packet's events lie behind its header");
    require(!packet->events.empty() && packet->events.size() % aedat3_event_size == 0, "a packet holds whole events");
    before = walk.offset();
    check_events(*packet, keeps_invalid(*packet));
  }
  require(walk.offset() == file.size() && walk.cut_bytes() <= file.size(), "the walk ends where the file does");
}

void check(ByteSpan file) {
  check_walk(file, std::nullopt);
  check_walk(file, 1);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_aedat3(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
