// Fuzzes recordings of every source: index, whole array, parts and windows have to agree with each other.
#include "recording/recording.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "decode/registry.hpp"
#include "fuzz/fuzz.hpp"
#include "recording/aedat3_source.hpp"
#include "recording/packet_source.hpp"
#include "recording/stream_source.hpp"

namespace aestream {
namespace {

using fuzz::require;

std::shared_ptr<const MappedFile> map_bytes(ByteSpan bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0) {
    throw fuzz::Violation{"no temporary file could be written"};
  }
  return std::make_shared<MappedFile>("/dev/fd/" + std::to_string(fileno(file.get())));
}

/// Stands for LZ4: bytes as they are, with the errors of a decompressor whose output is too small.
std::size_t copy_packet(ByteSpan compressed, MutableByteSpan out) {
  const std::size_t count = std::min(compressed.size(), out.size());
  std::copy_n(compressed.begin(), count, out.begin());
  if (count < compressed.size()) throw FormatError(0, "expected more room");
  return count;
}

std::unique_ptr<const Source> open_packets(const std::shared_ptr<const MappedFile>& file, bool inflated) {
  Aedat4Layout layout{0, -1, {0, 1, 7}};
  try {
    const Aedat4Header header = read_aedat4_header(file->bytes());
    layout.begin = header.packets;
    layout.table_position = header.table_position;
  } catch (const FormatError&) {  // then the packets begin at once
  }
  if (!inflated) return std::make_unique<PacketSource>(file, layout, 0, Aedat4Compression::None, Inflate{});
  return std::make_unique<PacketSource>(file, layout, 0, Aedat4Compression::Lz4, &copy_packet);
}

constexpr const char* names[] = {"evt2", "evt21", "evt3", "dat", "csv", "es_dvs", "bin40", "aedat2_davis346"};
constexpr std::uint32_t num_kinds = std::size(names) + 3;  // and AEDAT4, as it is and inflated, and AEDAT 3.1

std::unique_ptr<const Source> open_source(const std::shared_ptr<const MappedFile>& file, std::uint32_t kind) {
  if (kind == std::size(names) + 2) return std::make_unique<Aedat3Source>(file, 0, std::nullopt);
  if (kind >= std::size(names)) return open_packets(file, kind > std::size(names));
  return std::make_unique<StreamSource>(file, make_decoder(names[kind]), 0);
}

bool same(ConstEventSpan a, ConstEventSpan b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

ConstEventSpan span_of(const EventArray& array) { return {array.memory.as<Event>(), array.size}; }

/// How many events come before the running maximum of t reaches `time`.
std::uint64_t count_below(ConstEventSpan events, std::int64_t time) {
  return static_cast<std::uint64_t>(std::ranges::find_if(events, [time](const Event& e) { return e.t >= time; }) -
                                    events.begin());
}

void check_against_index(const Recording& recording, ConstEventSpan events, std::uint32_t seed) {
  const Index& index = recording.index(1);
  require(index.num_events == events.size(), "the index counts the events of load()");
  if (events.empty()) return;
  const auto later = [](const Event& a, const Event& b) { return a.t < b.t; };
  require(index.t_first == events.front().t, "the index knows the first time");
  require(index.t_max == std::ranges::max_element(events, later)->t, "the index knows the latest time");
  for (int i = 0; i < 4; ++i, seed = seed * 1664525 + 1013904223) {
    const std::uint64_t first = seed % events.size(), last = first + (seed >> 8) % (events.size() - first + 1);
    require(same(span_of(recording.read(first, last, 1)), events.subspan(first, last - first)), "read() gives a part");
    const std::int64_t start = events[first].t, stop = events[last == events.size() ? last - 1 : last].t;
    const auto found = recording.find({start, stop, true}, 1);
    const std::uint64_t from = count_below(events, start), to = std::max(from, count_below(events, stop));
    require(found.first == from && found.second == to, "find() gives the window by the running maximum");
  }
}

void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t seed = load_le32(bytes.data());
  const auto file = map_bytes(bytes.subspan(4));
  const Recording recording(file, open_source(file, seed % num_kinds)),
      indexed(file, open_source(file, seed % num_kinds));
  try {
    indexed.index(1);
  } catch (const FormatError&) {
    recording.load(1);  // which may be an error, too, but nothing worse
    return;
  }
  const EventArray loaded = recording.load(1);
  const ConstEventSpan events = span_of(loaded);
  require(same(span_of(indexed.load(1)), events), "load() gives the same with and without an index");
  std::vector<Event> streamed;
  const auto cursor = recording.open(no_time, 1);
  for (ConstEventSpan block = cursor->next(); !block.empty(); block = cursor->next()) {
    streamed.insert(streamed.end(), block.begin(), block.end());
  }
  require(same(streamed, events), "a cursor gives the events of load()");
  check_against_index(indexed, events, seed);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_recording(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
