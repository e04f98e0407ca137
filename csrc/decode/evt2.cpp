// EVT2 words: type in 31..28. Only change events and TIME_HIGH matter here; every other word is skipped.
#include "decode/evt2.hpp"

#include <algorithm>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::size_t word_size = 4;
enum Type : std::uint32_t { ChangeOff = 0x0, ChangeOn = 0x1, TimeHigh = 0x8 };

/// A TIME_HIGH that falls by at least this much is a wrap of the 34-bit clock; a smaller fall is a step back.
constexpr std::int64_t wrap_fall = (std::int64_t{1} << 34) - 64 - 10'000;
constexpr std::int64_t period = std::int64_t{1} << 34;

struct Evt2State {
  std::int64_t time_base = 0;  // t[33:6] of the last TIME_HIGH, in microseconds, without wraps
  bool has_time = false;       // words before the first TIME_HIGH have no time and are dropped
};

constexpr std::int64_t time_of(std::uint32_t word) { return std::int64_t{bits(word, 0, 28)} << 6; }

struct Clock {
  std::int64_t base;   // of the last TIME_HIGH, without wraps
  std::int64_t wraps;  // times `period`
  void set(std::int64_t next) {
    if (next <= base - wrap_fall) wraps += period;
    base = next;
  }
};

/// Skips to the first TIME_HIGH and takes it.
std::size_t start(ByteSpan bytes, Evt2State& own) {
  std::size_t i = 0;
  for (; !own.has_time && i + word_size <= bytes.size(); i += word_size) {
    const std::uint32_t word = load_le32(&bytes[i]);
    if (word >> 28 == TimeHigh) own = {time_of(word), true};
  }
  return i;
}

/// Every word writes an event, but only change events keep theirs: no branch depends on the data but the wrap.
AESTREAM_MULTIVERSION
Progress decode_words(const std::uint8_t* in, std::size_t words, Clock& clock, Event* out, std::size_t capacity) {
  std::size_t i = 0, n = 0;
  std::int64_t base = clock.base, now = clock.base + clock.wraps;
  while (i < words && n < capacity) {
    for (const std::size_t stop = i + std::min(words - i, capacity - n); i < stop; ++i) {
      const std::uint32_t word = load_le32(in + i * word_size);
      const std::uint32_t type = word >> 28;
      store_event(out + n, now + bits(word, 22, 6), bits(word, 11, 11), bits(word, 0, 11), type & 1);
      n += type <= ChangeOn;
      const std::int64_t next = type == TimeHigh ? time_of(word) : base;
      if (next < base) [[unlikely]]
        clock.wraps += next <= base - wrap_fall ? period : 0;
      base = next;
      now = base + clock.wraps;
    }
  }
  clock.base = base;
  return {i * word_size, n};
}

AESTREAM_MULTIVERSION
std::size_t count_words(const std::uint8_t* in, std::size_t words, bool& any_time) {
  std::uint32_t events = 0, times = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint32_t type = load_le32(in + i * word_size) >> 28;
    events += type <= ChangeOn;
    times |= type == TimeHigh;
  }
  any_time = times != 0;
  return events;
}

}  // namespace

Progress Evt2Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  auto own = state.load<Evt2State>();
  const std::size_t skipped = start(bytes, own);
  Progress done{skipped, 0};
  if (own.has_time) {
    Clock clock{own.time_base, state.wraps * period};
    const ByteSpan rest = bytes.subspan(skipped);
    done = decode_words(rest.data(), rest.size() / word_size, clock, out.data(), out.size());
    done.bytes += skipped;
    own.time_base = clock.base;
    state.wraps = clock.wraps / period;
  }
  state.store(own);
  return done;
}

Scan Evt2Decoder::scan(ByteSpan bytes, State& state, bool) const {
  constexpr std::size_t group = 64;  // words between two looks for a TIME_HIGH
  auto own = state.load<Evt2State>();
  Scan result{start(bytes, own), 0, no_time};
  Clock clock{own.time_base, state.wraps * period};
  while (own.has_time && result.bytes + word_size <= bytes.size()) {
    const std::uint8_t* in = &bytes[result.bytes];
    const std::size_t words = std::min(group, (bytes.size() - result.bytes) / word_size);
    bool any_time = false;
    const std::size_t events = count_words(in, words, any_time);
    if (events != 0) result.time_bound = std::max(result.time_bound, clock.base + clock.wraps + 63);
    for (std::size_t i = 0; any_time && i < words; ++i) {
      const std::uint32_t word = load_le32(in + i * word_size);
      if (word >> 28 != TimeHigh) continue;
      clock.set(time_of(word));
      if (events != 0) result.time_bound = std::max(result.time_bound, clock.base + clock.wraps + 63);
    }
    result.events += events;
    result.bytes += words * word_size;
  }
  own.time_base = clock.base;
  state.wraps = clock.wraps / period;
  state.store(own);
  return result;
}

State Evt2Decoder::look_back(ByteSpan payload, std::size_t offset) const {
  State state;
  for (std::size_t i = offset; i >= word_size; i -= word_size) {
    const std::uint32_t word = load_le32(&payload[i - word_size]);
    if (word >> 28 != TimeHigh) continue;
    state.store(Evt2State{time_of(word), true});
    break;
  }
  return state;
}

std::size_t Evt2Decoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + word_size - 1) / word_size * word_size, payload.size());
}

}  // namespace aestream
