// The layout: a head, then the checkpoints as they lie in memory. Whoever keeps it adds a checksum and the file's identity.
#include "recording/stored_index.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace aestream {
namespace {

constexpr std::size_t samples = 6;  // stretches besides the first, the last, and the one with the latest time

struct Head {
  std::uint64_t num_events, cut_bytes;
  std::int64_t t_first, t_max;
  std::uint64_t latest_at;
};

void expect(bool holds, const char* what) {
  if (!holds) throw IndexMismatch(std::string("expected an index of this file, found one with ") + what);
}

bool is_same(const Event& a, const Event& b) { return a.t == b.t && a.x == b.x && a.y == b.y && a.p == b.p; }

void verify_stretch(const Source& source, const Index& index, std::size_t number) {
  const Checkpoint& from = index.checkpoints[number];
  const bool is_last = number + 1 == index.checkpoints.size();
  const std::uint64_t stop = is_last ? index.num_events : index.checkpoints[number + 1].ordinal;
  const auto cursor = source.open(from);
  std::int64_t latest = no_time;
  ConstEventSpan events;
  std::uint64_t at = from.ordinal;
  while (true) {
    events = cursor->next();
    if (number == 0 && at == 0 && !events.empty()) expect(events[0].t == index.t_first, "another first event");
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(events.size(), stop - at));
    for (const Event& event : events.first(count)) latest = std::max(latest, event.t);
    at += count;
    events = events.subspan(count);
    if (!events.empty() || count == 0) break;
  }
  expect(at == stop, "more events");
  expect(latest <= index.t_max, "an earlier end");
  if (number == index.latest_at && index.num_events != 0) expect(latest == index.t_max, "a later end");
  if (is_last) return expect(events.empty(), "fewer events");
  const Checkpoint& next = index.checkpoints[number + 1];
  expect(latest <= next.time_bound, "other times");
  const auto cursor_there = source.open(next);
  const ConstEventSpan there = cursor_there->next();
  expect(there.empty() == events.empty() && (there.empty() || is_same(there[0], events[0])), "other places");
}

}  // namespace

std::string pack_index(const Index& index) {
  const Head head{index.num_events, index.cut_bytes, index.t_first, index.t_max, index.latest_at};
  std::string bytes(sizeof head + index.checkpoints.size() * sizeof(Checkpoint), '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, index.checkpoints.data(), bytes.size() - sizeof head);
  return bytes;
}

Index unpack_index(std::string_view bytes) {
  Head head;
  expect(bytes.size() >= sizeof head + sizeof(Checkpoint) && (bytes.size() - sizeof head) % sizeof(Checkpoint) == 0,
         "another size");
  std::memcpy(&head, bytes.data(), sizeof head);
  Index index{{}, head.num_events, head.cut_bytes, true, head.t_first, head.t_max, head.latest_at};
  index.checkpoints.resize((bytes.size() - sizeof head) / sizeof(Checkpoint));
  std::memcpy(index.checkpoints.data(), bytes.data() + sizeof head, bytes.size() - sizeof head);
  return index;
}

void check_places(const Index& index, const PlaceLimits& limits) {
  const auto& all = index.checkpoints;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool is_last = i + 1 == all.size();
    const std::uint64_t end = is_last ? limits.end : all[i + 1].offset;
    const std::uint64_t stop = is_last ? index.num_events : all[i + 1].ordinal;
    expect(all[i].offset >= limits.begin && all[i].offset <= end && end <= limits.end, "places outside of the file");
    const std::uint64_t bytes = end - all[i].offset;
    expect(all[i].ordinal <= stop, "events in no order");
    expect(stop - all[i].ordinal <= bytes * limits.events_per_byte + limits.always_allowed, "more events than fit");
  }
  expect(index.cut_bytes <= limits.end, "more bytes");
}

void verify_index(const Source& source, const Index& index) {
  const auto& all = index.checkpoints;
  const auto is_later = [](const Checkpoint& a, const Checkpoint& b) {
    return a.ordinal > b.ordinal || a.time_bound > b.time_bound;
  };
  expect(!all.empty() && all[0].ordinal == 0 && all[0].time_bound == no_time, "another start");
  expect(std::ranges::adjacent_find(all, is_later) == all.end(), "checkpoints in no order");
  expect(all.back().ordinal <= index.num_events && index.latest_at < all.size(), "numbers that contradict each other");
  expect(index.num_events <= std::numeric_limits<std::uint64_t>::max() / sizeof(Event), "more events than fit");
  expect(index.num_events != 0 || (index.t_first == 0 && index.t_max == 0), "times of no event");
  source.check_places(index);
  try {
    for (std::size_t i = 0; i < samples; ++i) verify_stretch(source, index, all.size() * i / samples);
    verify_stretch(source, index, all.size() - 1);
    verify_stretch(source, index, index.latest_at);
  } catch (const FormatError& error) {
    throw IndexMismatch(std::string("expected an index of this file, found one that leads to: ") + error.what());
  }
}

}  // namespace aestream
