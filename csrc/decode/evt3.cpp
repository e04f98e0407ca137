// EVT3 words to events, word by word: writers emit lone vectors too.
#include "decode/evt3.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/multiversion.hpp"
#include "decode/evt3_lanes.hpp"
#include "decode/evt3_words.hpp"

namespace aestream {

using namespace evt3;

namespace {

constexpr std::size_t before_lanes = 16;  // words without vectors that make it likely that more follow
constexpr std::size_t room = 32;  // slots that the quick loops may write to, whether or not there are events for them

/// Writes the pixels of a mask: `guess` stores without asking, since a guessed branch costs more, and the rest one by one.
template <int guess>
inline std::size_t store_mask(Event* out, const Evt3State& s, std::uint32_t x, std::uint32_t mask) {
  const auto count = static_cast<std::size_t>(std::popcount(mask));
  const std::int64_t t = s.wrapped + s.time;
  for (int i = 0; i < guess; ++i) {
    store_event(out + i, t, x + static_cast<std::uint32_t>(std::countr_zero(mask)), s.y, s.base_p);
    mask &= mask - 1;
  }
  for (std::size_t i = guess; mask != 0; ++i, mask &= mask - 1) {
    store_event(out + i, t, x + static_cast<std::uint32_t>(std::countr_zero(mask)), s.y, s.base_p);
  }
  return count;
}

/// Whether three vector words are the group that cameras send: 12, 12 and 8 pixels.
inline bool is_camera_group(const std::uint8_t* in) {
  constexpr std::uint64_t types = 0xF000'F000'F000, group = std::uint64_t{Vect12} << 12 | std::uint64_t{Vect12} << 28 |
                                                            std::uint64_t{Vect8} << 44;
  const std::uint64_t words = load_le32(in) | std::uint64_t{load_le16(in + 4)} << 32;
  return (words & types) == group;
}

/// Writes a vector word, or a whole camera group at once; returns the words it took.
inline std::size_t store_vectors(const std::uint8_t* in, std::size_t words, Evt3State& s, Event* out, std::size_t& n) {
  const std::uint32_t x = s.base;
  if (words >= 3 && x <= x_end - 32 && is_camera_group(in)) [[likely]] {
    const std::uint32_t mask =
        content_of(load_le16(in)) | content_of(load_le16(in + 2)) << 12 | std::uint32_t{load_le16(in + 4)} << 24;
    n += store_mask<8>(out + n, s, x, mask);
    s.base += 32;
    return 3;
  }
  const std::uint32_t mask = take_vector(s, load_le16(in));
  n += store_mask<4>(out + n, s, x, mask);
  return 1;
}

/// What a word without vectors does, as masks by its type: such words run without a branch on the type, which no
/// predictor could learn. What differs from the last TIME_HIGH in a bit of `stop` ends the run: vectors always, and a
/// TIME_HIGH that is new. Cameras repeat TIME_HIGH every eighth word or so.
struct alignas(32) Effect {
  std::uint64_t y = 0;     // bits of the word that become y, y_shift to the left: where an event has it
  std::uint64_t time = 0;  // bits of the word that become t[11:0]
  std::uint64_t events = 0;
  std::uint64_t stop = 0;
};
constexpr int y_shift = 16;

constexpr std::array<Effect, 16> effects = [] {
  std::array<Effect, 16> table;
  for (const auto type : {Em, VectBaseX, Vect12, Vect8, TimeHigh}) table[type].stop = 0xFFFF;
  table[AddrY].y = 0x7FFull << y_shift;
  table[TimeLow].time = 0xFFF;
  table[AddrX].events = 1;
  return table;
}();

inline void store_event_word(Event* out, std::uint64_t t, std::uint64_t xyp) {
  const std::uint64_t words[2] = {t, xyp};
  std::memcpy(static_cast<void*>(out), words, sizeof words);
}

/// The common words, until an EM address, or until fewer than `room` slots are left.
AESTREAM_MULTIVERSION
Progress decode_words(const std::uint8_t* in, std::size_t words, Evt3State& state, Event* out, std::size_t capacity) {
  Evt3State s = state;
  const std::size_t run_words = has_lanes() ? before_lanes : words;
  std::size_t i = 0, n = 0;
  bool runs_on = false;
  while (i < words && n + room <= capacity) {
    if (runs_on) [[unlikely]] {
      Evt3State own = s;  // `s` itself stays in registers
      const Progress quick = decode_lanes(in + i * word_size, words - i, own, out + n, capacity - n);
      s = own;
      i += quick.bytes / word_size;
      n += quick.events;
      if (n + room > capacity) break;
    }
    std::uint64_t now = static_cast<std::uint64_t>(s.wrapped + s.time), y = std::uint64_t{s.y} << y_shift;
    const std::uint64_t time_high = TimeHigh << 12 | s.time >> 12;
    Event* to = out + n;
    std::uint32_t word = 0;
    const std::size_t stop = i + std::min(std::min(words - i, capacity - room - n + 1), run_words);
    for (; i < stop; ++i) {
      word = load_le16(in + i * word_size);
      const Effect& effect = effects[type_of(word)];
      if ((effect.stop & (word ^ time_high)) != 0) [[unlikely]]
        break;
      store_event_word(to, now, (word & 0x7FF) | std::uint64_t{word & 0x800} << 21 | y);
      to += effect.events;
      y ^= (y ^ std::uint64_t{word} << y_shift) & effect.y;
      now ^= (now ^ word) & effect.time;
    }
    runs_on = i == stop;
    n = static_cast<std::size_t>(to - out);
    s.y = static_cast<std::uint32_t>(y >> y_shift);
    s.time = static_cast<std::uint32_t>(now) & (period - 1);
    while (i < words && n + room <= capacity) {
      word = load_le16(in + i * word_size);
      const std::uint32_t type = type_of(word);
      if (type == Vect12 || type == Vect8) {
        i += store_vectors(in + i * word_size, words - i, s, out, n);
      } else if (type == VectBaseX || type == TimeHigh) {
        take_state_word(s, word);
        ++i;
      } else {
        break;
      }
    }
    if (i < words && type_of(word) == Em) break;
  }
  state = s;
  return {i * word_size, n};
}

/// Any word, one at a time, never touching more of `out` than the events need: chunk ends, EM addresses, the start.
Progress decode_carefully(const std::uint8_t* in, std::size_t words, Evt3State& s, Event* out, std::size_t capacity,
                          bool to_the_end) {
  std::size_t i = 0, n = 0;
  for (; i < words; ++i) {
    const std::uint32_t word = load_le16(in + i * word_size), type = type_of(word), content = content_of(word);
    if (!s.has_time) {
      if (type == TimeHigh) set_time_high(s, content);
      continue;
    }
    if (!s.em && type != Em && !to_the_end) break;
    if (type == AddrX && !s.em) {
      if (n == capacity) break;
      store_event(out + n++, s.wrapped + s.time, content & 0x7FF, s.y, content >> 11);
    } else if (type == Vect12 || type == Vect8) {
      Evt3State after = s;  // a vector that does not fit leaves the state alone
      Event few[room];
      const std::uint32_t mask = take_vector(after, word);
      const std::size_t count = s.em ? 0 : store_mask<4>(few, s, s.base, mask);
      if (n + count > capacity) break;
      n = static_cast<std::size_t>(std::copy_n(few, count, out + n) - out);
      s = after;
    } else {
      take_state_word(s, word);
    }
  }
  return {i * word_size, n};
}

}  // namespace

Progress Evt3Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  Evt3State s = load(state);
  const std::uint8_t* in = bytes.data();
  const std::size_t words = bytes.size() / word_size;
  Progress done;
  const auto advance = [&](const Progress& step) {
    done.bytes += step.bytes;
    done.events += step.events;
  };
  const auto left = [&] { return words - done.bytes / word_size; };
  const auto room_left = [&] { return out.size() - done.events; };
  while (left() > 0 && room_left() >= room) {
    advance(decode_carefully(in + done.bytes, left(), s, out.data() + done.events, room_left(), false));
    advance(decode_words(in + done.bytes, left(), s, out.data() + done.events, room_left()));
  }
  advance(decode_carefully(in + done.bytes, left(), s, out.data() + done.events, room_left(), true));
  store(state, s);
  return done;
}

}  // namespace aestream
