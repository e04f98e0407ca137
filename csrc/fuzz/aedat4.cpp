// Fuzzes AEDAT4 in memory: the header, the walk through the packets, what they hold, and the data table.
#include "decode/aedat4.hpp"

#include <vector>

#include "decode/aedat4_side.hpp"
#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

bool within(ByteSpan part, ByteSpan whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_events(ByteSpan packet) {
  const ByteSpan stored = packet_events(packet);
  require(within(stored, packet) && stored.size() % sizeof(Event) == 0, "events are whole and lie in their packet");
  std::vector<Event> events(stored.size() / sizeof(Event));
  copy_events(stored, events.data());
  for (const Event& event : events) {
    require(event.p <= 1, "polarity is 0 or 1");
    require(event.zero[0] == 0 && event.zero[1] == 0 && event.zero[2] == 0, "pad bytes are zero");
  }
}

/// Runs `read`, for which FormatError is an answer, so that what comes after it is fuzzed too.
template <class Read>
void attempt(const Read& read) {
  try {
    read();
  } catch (const FormatError&) {
  }
}

void check_side(ByteSpan packet) {
  attempt([&] {
    const StoredFrame frame = read_frame_packet(packet);
    const std::size_t size = frame.width * frame.height * frame.channels * frame.channel_bytes;
    require(within(frame.pixels, packet) && frame.pixels.size() == size, "pixels are whole and lie in their packet");
  });
  attempt([&] {
    std::vector<ImuSample> samples;
    read_imu_packet(packet, samples);
    require(samples.size() <= packet.size() / 8, "a sample takes an offset and a table");
  });
  attempt([&] {
    std::vector<Trigger> triggers;
    read_trigger_packet(packet, triggers);
    require(triggers.size() <= packet.size() / 8, "a trigger takes an offset and a table");
    for (const Trigger& trigger : triggers) require(trigger.rising <= 1 && trigger.id <= 3, "triggers are of a source");
  });
}

void check_walk(ByteSpan file, const Aedat4Layout& layout) {
  PacketWalk walk(file, layout, layout.begin);
  std::size_t before = layout.begin;
  while (const auto packet = walk.next()) {
    require(packet->offset >= before && walk.offset() > before, "every packet lies behind the one before");
    require(within(packet->payload, file), "a packet lies in the file");
    before = walk.offset();
    attempt([&] { check_events(packet->payload); });
    check_side(packet->payload);
  }
  require(within(walk.table(), file) && walk.cut_bytes() <= file.size(), "what is left lies in the file");
  attempt([&] { read_data_table(walk.table()); });
}

void check(ByteSpan file) {
  attempt([&] { check_events(file); });
  check_side(file);
  attempt([&] { read_data_table(file); });
  attempt([&] { check_walk(file, {0, -1, {0, 1}}); });
  const Aedat4Header header = read_aedat4_header(file);
  require(header.packets <= file.size() && header.info_position <= file.size(), "the header lies in the file");
  check_walk(file, {header.packets, header.table_position, {0, 1, 7}});
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_aedat4(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
