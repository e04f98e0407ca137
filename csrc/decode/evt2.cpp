// EVT2 words: type in 31..28. Only change events and TIME_HIGH matter here; every other word is skipped.
#include "decode/evt2.hpp"

#include <algorithm>
#include <cstring>

#include "core/multiversion.hpp"
#include "decode/evt2_clock.hpp"
#include "decode/evt2_lanes.hpp"

namespace aestream {
namespace {

enum Type : std::uint32_t { ChangeOff = 0x0, ChangeOn = 0x1, TimeHigh = 0x8 };

constexpr std::uint32_t time_bits = 0x0FFF'FFFF;

struct Words {
  static constexpr std::size_t word_size = 4;
  static constexpr std::int64_t wrap_fall = evt2::period - 64 - 10'000;

  static std::uint32_t load(const std::uint8_t* bytes) { return load_le32(bytes); }
  static bool is_time(std::uint32_t word) { return word >> 28 == TimeHigh; }
  static std::int64_t time_of(std::uint32_t word) { return std::int64_t{word & time_bits} << 6; }
  static evt2::GroupCount count(const std::uint8_t* in, std::size_t words);
};

using Clock = evt2::Clock<Words::wrap_fall>;

constexpr std::size_t lane_count = 16;
using Lane = std::uint32_t;
typedef Lane Lanes __attribute__((vector_size(lane_count * sizeof(Lane))));  // a word a lane

AESTREAM_MULTIVERSION
evt2::GroupCount count_words(const std::uint8_t* in, std::size_t words) {
  Lanes events{}, times{}, latest{}, earliest = Lanes{} + time_bits;
  for (std::size_t i = 0; i < words; i += lane_count) {
    const std::uint8_t* from = in + i * Words::word_size;
    std::uint8_t padded[sizeof(Lanes)];
    if (words - i < lane_count) [[unlikely]] {
      std::memset(padded, 0xFF, sizeof padded);  // lanes beyond the group hold CONTINUED
      std::memcpy(padded, from, (words - i) * Words::word_size);
      from = padded;
    }
    Lanes word;
    std::memcpy(&word, from, sizeof word);
    const Lanes type = word >> 28, is_time = (Lanes)(type == Lane{TimeHigh});
    const Lanes time = word & time_bits & is_time, early = time | (time_bits & ~is_time);
    events -= (Lanes)(type <= Lane{ChangeOn});  // a lane of true is -1
    times |= is_time;
    latest = time > latest ? time : latest;
    earliest = early < earliest ? early : earliest;
  }
  Lane all_events = 0, first = time_bits, last = 0, any = 0;
  for (std::size_t i = 0; i < lane_count; ++i) {
    all_events += events[i];
    any |= times[i];
    first = std::min<Lane>(first, earliest[i]);
    last = std::max<Lane>(last, latest[i]);
  }
  if (any == 0) return {all_events};
  return {all_events, Words::time_of(first), Words::time_of(last)};
}

evt2::GroupCount Words::count(const std::uint8_t* in, std::size_t words) { return count_words(in, words); }

/// Every word writes an event, but only change events keep theirs: no branch depends on the data but the wrap.
AESTREAM_MULTIVERSION
Progress decode_words(const std::uint8_t* in, std::size_t words, Clock& clock, Event* out, std::size_t capacity) {
  std::size_t i = 0, n = 0;
  std::int64_t base = clock.base, wraps = clock.wraps;
  while (i < words && n < capacity) {
    const Progress quick = evt2::decode_lanes(in + i * Words::word_size, words - i, base, wraps, out + n, capacity - n);
    i += quick.bytes / Words::word_size;
    n += quick.events;
    for (const std::size_t stop = i + std::min({words - i, capacity - n, lane_count}); i < stop; ++i) {
      const std::uint32_t word = load_le32(in + i * Words::word_size), type = word >> 28;
      store_event(out + n, base + wraps + bits(word, 22, 6), bits(word, 11, 11), bits(word, 0, 11), type & 1);
      n += type <= ChangeOn;
      const std::int64_t next = type == TimeHigh ? Words::time_of(word) : base;
      if (next < base) [[unlikely]]
        wraps += base - next >= Words::wrap_fall ? evt2::period : 0;
      base = next;
    }
  }
  clock = {base, wraps};
  return {i * Words::word_size, n};
}

}  // namespace

Progress Evt2Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  const Words words;
  evt2::Scanner<Words> scanner(words, state);
  const ByteSpan rest = bytes.subspan(scanner.start(bytes));
  const Progress done =
      decode_words(rest.data(), rest.size() / Words::word_size, scanner.clock(), out.data(), out.size());
  return {bytes.size() - rest.size() + done.bytes, done.events};
}

Scan Evt2Decoder::scan(ByteSpan bytes, State& state, bool) const {
  const Words words;
  return evt2::Scanner<Words>(words, state).scan(bytes);
}

State Evt2Decoder::look_back(ByteSpan payload, std::size_t offset) const {
  return evt2::look_back(Words{}, payload, offset);
}

bool Evt2Decoder::could_leave(const State& state) const { return evt2::could_leave(state); }

std::size_t Evt2Decoder::align(ByteSpan payload, std::size_t offset) const {
  return evt2::align<Words>(payload, offset);
}

}  // namespace aestream
