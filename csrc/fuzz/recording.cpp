// Fuzzes recordings of every source: index, whole array, parts and windows have to agree with each other.
#include "recording/recording.hpp"

#include <algorithm>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "fuzz/sources.hpp"

namespace aestream {
namespace {

using fuzz::require;

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
  const auto file = fuzz::map_bytes(bytes.subspan(4));
  const Recording recording(file, fuzz::open_source(file, seed)), indexed(file, fuzz::open_source(file, seed));
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
