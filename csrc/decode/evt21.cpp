// EVT2.1 words, seen as one u64 with the control half on top: type in 63..60, mask in 31..0.
#include "decode/evt21.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "core/multiversion.hpp"
#include "decode/evt2_clock.hpp"

namespace aestream {
namespace {

constexpr std::size_t pixels = 32;
enum Type : std::uint64_t { ChangeOff = 0x0, ChangeOn = 0x1, TimeHigh = 0x8 };

constexpr std::uint64_t type_of(std::uint64_t word) { return word >> 60; }
constexpr bool is_change(std::uint64_t word) { return type_of(word) <= ChangeOn; }

struct Words {
  static constexpr std::size_t word_size = 8;
  static constexpr std::int64_t wrap_fall = evt2::period / 2 + 1;

  bool legacy;

  std::uint64_t load(const std::uint8_t* bytes) const {
    const std::uint64_t word = load_le64(bytes);
    return legacy ? std::rotl(word, 32) : word;
  }
  static bool is_time(std::uint64_t word) { return type_of(word) == TimeHigh; }
  static std::int64_t time_of(std::uint64_t word) { return static_cast<std::int64_t>(bits(word, 32, 28) << 6); }
  evt2::GroupCount count(const std::uint8_t* in, std::size_t words) const;
};

using Clock = evt2::Clock<Words::wrap_fall>;

AESTREAM_MULTIVERSION
evt2::GroupCount count_words(const std::uint8_t* in, std::size_t words, Words format) {
  evt2::GroupCount count;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t word = format.load(in + i * Words::word_size);
    count.events += is_change(word) ? static_cast<std::size_t>(std::popcount(word & 0xFFFF'FFFF)) : 0;
    count.earliest = Words::is_time(word) ? std::min(count.earliest, Words::time_of(word)) : count.earliest;
    count.latest = Words::is_time(word) ? std::max(count.latest, Words::time_of(word)) : count.latest;
  }
  return count;
}

evt2::GroupCount Words::count(const std::uint8_t* in, std::size_t words) const { return count_words(in, words, *this); }

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

AESTREAM_MULTIVERSION
Progress decode_words(const std::uint8_t* in, std::size_t words, Words format, Clock& clock, Event* out,
                      std::size_t capacity) {
  std::size_t i = 0, n = 0;
  Clock now = clock;
  for (; i < words && n + pixels <= capacity; ++i) {
    const std::uint64_t word = format.load(in + i * Words::word_size);
    n += store_word(out + n, word, now.now());
    now.set(Words::is_time(word) ? Words::time_of(word) : now.base);
  }
  for (; i < words; ++i) {  // the end of `out`: word by word through a buffer, so that no store goes beyond it
    const std::uint64_t word = format.load(in + i * Words::word_size);
    Event few[pixels + 4];
    const std::size_t count = store_word(few, word, now.now());
    if (n + count > capacity || (n == capacity && is_change(word))) break;
    if (Words::is_time(word)) now.set(Words::time_of(word));
    n = static_cast<std::size_t>(std::copy_n(few, count, out + n) - out);
  }
  clock = now;
  return {i * Words::word_size, n};
}

}  // namespace

Progress Evt21Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  const Words words{order_ == Evt21Order::Legacy};
  evt2::Scanner<Words> scanner(words, state);
  const ByteSpan rest = bytes.subspan(scanner.start(bytes));
  const Progress done =
      decode_words(rest.data(), rest.size() / Words::word_size, words, scanner.clock(), out.data(), out.size());
  return {bytes.size() - rest.size() + done.bytes, done.events};
}

Scan Evt21Decoder::scan(ByteSpan bytes, State& state, bool) const {
  const Words words{order_ == Evt21Order::Legacy};
  return evt2::Scanner<Words>(words, state).scan(bytes);
}

State Evt21Decoder::look_back(ByteSpan payload, std::size_t offset) const {
  return evt2::look_back(Words{order_ == Evt21Order::Legacy}, payload, offset);
}

bool Evt21Decoder::could_leave(const State& state) const { return evt2::could_leave(state); }

std::size_t Evt21Decoder::align(ByteSpan payload, std::size_t offset) const {
  return evt2::align<Words>(payload, offset);
}

Evt21Order sniff_evt21_order(ByteSpan payload) {
  constexpr std::size_t sample = 4096;
  const auto score =
      [payload](bool legacy) {  // TIME_HIGH words that lie within a second of the one before, less the others
        std::int64_t score = 0, last = -1;
        for (std::size_t i = 0; i + Words::word_size <= std::min(payload.size(), sample * Words::word_size);
             i += Words::word_size) {
          const std::uint64_t word = Words{legacy}.load(&payload[i]);
          if (!Words::is_time(word)) continue;
          score += last < 0 || std::llabs(Words::time_of(word) - last) < 1'000'000 ? 1 : -1;
          last = Words::time_of(word);
        }
        return score;
      };
  return score(true) > score(false) ? Evt21Order::Legacy : Evt21Order::Little;
}

}  // namespace aestream
