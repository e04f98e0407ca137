// EVT2.1 words, seen as one u64 with the control half on top: type in 63..60, mask in 31..0.
#include "decode/evt21.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::size_t word_size = 8;
constexpr std::size_t pixels = 32;
enum Type : std::uint64_t { ChangeOff = 0x0, ChangeOn = 0x1, TimeHigh = 0x8 };

constexpr std::int64_t period = std::int64_t{1} << 34;
constexpr std::int64_t wrap_fall = period / 2;  // a TIME_HIGH that falls by more is a wrap

struct Evt21State {
  std::int64_t time_base = 0;  // t[33:6] of the last TIME_HIGH, in microseconds, without wraps
  bool has_time = false;       // words before the first TIME_HIGH have no time and are dropped
};

constexpr std::uint64_t type_of(std::uint64_t word) { return word >> 60; }
constexpr std::int64_t time_of(std::uint64_t word) { return static_cast<std::int64_t>(bits(word, 32, 28) << 6); }
constexpr bool is_change(std::uint64_t word) { return type_of(word) <= ChangeOn; }

inline std::uint64_t load_word(const std::uint8_t* bytes, bool legacy) {
  const std::uint64_t word = load_le64(bytes);
  return legacy ? std::rotl(word, 32) : word;
}

struct Clock {
  std::int64_t base;   // of the last TIME_HIGH, without wraps
  std::int64_t wraps;  // times `period`
  void set(std::int64_t next) {
    if (base - next > wrap_fall) wraps += period;
    base = next;
  }
};

/// Writes the events of one change word; `out` has room for at least max(4, popcount(mask)).
inline std::size_t store_word(Event* out, std::uint64_t word, std::int64_t now) {
  const std::int64_t t = now + static_cast<std::int64_t>(bits(word, 54, 6));
  const auto x = static_cast<std::uint32_t>(bits(word, 43, 11)), y = static_cast<std::uint32_t>(bits(word, 32, 11));
  const auto p = static_cast<std::uint32_t>(type_of(word) & 1);
  std::uint64_t mask = is_change(word) ? word & 0xFFFF'FFFF : 0;
  const auto count = static_cast<std::size_t>(std::popcount(mask));
  for (int i = 0; i < 4;
       ++i) {  // most words hold few events: four stores that may be overwritten beat a guessed branch
    store_event(out + i, t, x + static_cast<std::uint32_t>(std::countr_zero(mask)), y, p);
    mask &= mask - 1;
  }
  for (std::size_t i = 4; mask != 0; ++i, mask &= mask - 1) {
    store_event(out + i, t, x + static_cast<std::uint32_t>(std::countr_zero(mask)), y, p);
  }
  return count;
}

template <bool legacy>
inline __attribute__((always_inline)) Progress decode_loop(const std::uint8_t* in, std::size_t words, Clock& clock,
                                                           Event* out, std::size_t capacity) {
  std::size_t i = 0, n = 0;
  for (; i < words && n + pixels <= capacity; ++i) {
    const std::uint64_t word = load_word(in + i * word_size, legacy);
    n += store_word(out + n, word, clock.base + clock.wraps);
    const std::int64_t next = type_of(word) == TimeHigh ? time_of(word) : clock.base;
    if (next < clock.base) [[unlikely]]
      clock.wraps += clock.base - next > wrap_fall ? period : 0;
    clock.base = next;
  }
  for (; i < words; ++i) {  // the end of `out`: word by word through a buffer, so that no store goes beyond it
    const std::uint64_t word = load_word(in + i * word_size, legacy);
    Event few[pixels + 4];
    const std::size_t count = store_word(few, word, clock.base + clock.wraps);
    if (n + count > capacity || (n == capacity && is_change(word))) break;
    if (type_of(word) == TimeHigh) clock.set(time_of(word));
    n = static_cast<std::size_t>(std::copy_n(few, count, out + n) - out);
  }
  return {i * word_size, n};
}

AESTREAM_MULTIVERSION
Progress decode_little(const std::uint8_t* in, std::size_t words, Clock& clock, Event* out, std::size_t capacity) {
  return decode_loop<false>(in, words, clock, out, capacity);
}

AESTREAM_MULTIVERSION
Progress decode_legacy(const std::uint8_t* in, std::size_t words, Clock& clock, Event* out, std::size_t capacity) {
  return decode_loop<true>(in, words, clock, out, capacity);
}

AESTREAM_MULTIVERSION
std::size_t count_words(const std::uint8_t* in, std::size_t words, bool legacy, bool& any_time) {
  std::uint64_t events = 0, times = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t word = load_word(in + i * word_size, legacy);
    events += is_change(word) ? static_cast<std::uint64_t>(std::popcount(word & 0xFFFF'FFFF)) : 0;
    times |= type_of(word) == TimeHigh;
  }
  any_time = times != 0;
  return events;
}

}  // namespace

std::uint64_t Evt21Decoder::load(const std::uint8_t* bytes) const noexcept {
  return load_word(bytes, order_ == Evt21Order::Legacy);
}

Progress Evt21Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  auto own = state.load<Evt21State>();
  std::size_t i = 0;
  for (; !own.has_time && i + word_size <= bytes.size(); i += word_size) {
    const std::uint64_t word = load(&bytes[i]);
    if (type_of(word) == TimeHigh) own = {time_of(word), true};
  }
  Progress done{i, 0};
  if (own.has_time) {
    Clock clock{own.time_base, state.wraps * period};
    const ByteSpan rest = bytes.subspan(i);
    done = (order_ == Evt21Order::Legacy ? decode_legacy : decode_little)(rest.data(), rest.size() / word_size, clock,
                                                                          out.data(), out.size());
    done.bytes += i;
    own.time_base = clock.base;
    state.wraps = clock.wraps / period;
  }
  state.store(own);
  return done;
}

Scan Evt21Decoder::scan(ByteSpan bytes, State& state, bool) const {
  constexpr std::size_t group = 64;  // words between two looks for a TIME_HIGH
  auto own = state.load<Evt21State>();
  Scan result;
  for (; !own.has_time && result.bytes + word_size <= bytes.size(); result.bytes += word_size) {
    const std::uint64_t word = load(&bytes[result.bytes]);
    if (type_of(word) == TimeHigh) own = {time_of(word), true};
  }
  Clock clock{own.time_base, state.wraps * period};
  while (own.has_time && result.bytes + word_size <= bytes.size()) {
    const std::uint8_t* in = &bytes[result.bytes];
    const std::size_t words = std::min(group, (bytes.size() - result.bytes) / word_size);
    bool any_time = false;
    const std::size_t events = count_words(in, words, order_ == Evt21Order::Legacy, any_time);
    if (events != 0) result.time_bound = std::max(result.time_bound, clock.base + clock.wraps + 63);
    for (std::size_t i = 0; any_time && i < words; ++i) {
      const std::uint64_t word = load(in + i * word_size);
      if (type_of(word) != TimeHigh) continue;
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

State Evt21Decoder::look_back(ByteSpan payload, std::size_t offset) const {
  State state;
  for (std::size_t i = offset; i >= word_size; i -= word_size) {
    const std::uint64_t word = load(&payload[i - word_size]);
    if (type_of(word) != TimeHigh) continue;
    state.store(Evt21State{time_of(word), true});
    break;
  }
  return state;
}

std::size_t Evt21Decoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + word_size - 1) / word_size * word_size, payload.size());
}

Evt21Order sniff_evt21_order(ByteSpan payload) {
  constexpr std::size_t sample = 4096;
  const auto score =
      [payload](bool legacy) {  // TIME_HIGH words that lie within a second of the one before, less the others
        std::int64_t score = 0, last = -1;
        for (std::size_t i = 0; i + word_size <= std::min(payload.size(), sample * word_size); i += word_size) {
          const std::uint64_t word = load_word(&payload[i], legacy);
          if (type_of(word) != TimeHigh) continue;
          score += last < 0 || std::llabs(time_of(word) - last) < 1'000'000 ? 1 : -1;
          last = time_of(word);
        }
        return score;
      };
  return score(true) > score(false) ? Evt21Order::Legacy : Evt21Order::Little;
}

}  // namespace aestream
