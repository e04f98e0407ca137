// EVT3 words to events, word by word: writers emit lone vectors too.
#include "decode/evt3.hpp"

#include <algorithm>
#include <bit>

#include "core/multiversion.hpp"
#include "decode/evt3_words.hpp"

namespace aestream {

using namespace evt3;

namespace {

/// Writes up to 12 events; the first four slots are written whatever the mask, so `out` has room for 12.
inline std::size_t store_vector(Event* out, const Evt3State& s, std::int64_t t, std::uint32_t x, std::uint32_t mask) {
  const auto count = static_cast<std::size_t>(std::popcount(mask));
  for (int i = 0; i < 4; ++i) {
    store_event(out + i, t, x + static_cast<std::uint32_t>(std::countr_zero(mask)), s.y, s.base_p);
    mask &= mask - 1;
  }
  for (std::size_t i = 4; mask != 0; ++i, mask &= mask - 1) {
    store_event(out + i, t, x + static_cast<std::uint32_t>(std::countr_zero(mask)), s.y, s.base_p);
  }
  return count;
}

/// The common words. ADDR_Y, ADDR_X and TIME_LOW, which make up scalar files, run without a branch on their type.
/// Stops at an EM address, or when fewer than 12 slots are left.
AESTREAM_MULTIVERSION
Progress decode_words(const std::uint8_t* in, std::size_t words, Evt3State& state, Event* out, std::size_t capacity) {
  constexpr std::uint32_t plain = 1u << AddrY | 1u << AddrX | 1u << TimeLow;
  Evt3State s = state;
  std::size_t i = 0, n = 0;
  std::int64_t now = s.wrapped + s.time;
  for (; i < words && n + 12 <= capacity; ++i) {
    const std::uint32_t word = load_le16(in + i * word_size), type = type_of(word), content = content_of(word);
    if ((plain >> type & 1) != 0) [[likely]] {
      store_event(out + n, now, content & 0x7FF, s.y, content >> 11);
      n += type == AddrX;
      s.y = type == AddrY ? content & 0x7FF : s.y;
      s.time = type == TimeLow ? (s.time & high) | content : s.time;
      now = s.wrapped + s.time;
    } else if (type == Vect12 || type == Vect8) {
      const std::uint32_t x = s.base;
      n += store_vector(out + n, s, now, x, take_vector(s, word));
    } else if (type == Em) {
      break;
    } else {
      take_state_word(s, word);
      now = s.wrapped + s.time;
    }
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
      Evt3State after = s;
      Event few[16];
      const std::uint32_t mask = take_vector(after, word);
      const std::size_t count = s.em ? 0 : store_vector(few, s, s.wrapped + s.time, s.base, mask);
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
  const auto room = [&] { return out.size() - done.events; };
  while (left() > 0 && room() >= 12) {
    advance(decode_carefully(in + done.bytes, left(), s, out.data() + done.events, room(), false));
    advance(decode_words(in + done.bytes, left(), s, out.data() + done.events, room()));
  }
  advance(decode_carefully(in + done.bytes, left(), s, out.data() + done.events, room(), true));
  store(state, s);
  return done;
}

}  // namespace aestream
