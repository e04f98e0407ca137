// The words of EVT3 and what each does to the state; shared by decoding, scanning and looking back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "decode/decoder.hpp"

namespace aestream::evt3 {

constexpr std::size_t word_size = 2;
enum Type : std::uint32_t {
  AddrY = 0x0,
  Em = 0x1,  // historic: X and vectors after it are not changes until the next ADDR_Y
  AddrX = 0x2,
  VectBaseX = 0x3,
  Vect12 = 0x4,
  Vect8 = 0x5,
  TimeLow = 0x6,
  TimeHigh = 0x8,
};

constexpr std::uint32_t period = 1u << 24;
constexpr std::uint32_t wrap_fall = 2048u << 12;  // a TIME_HIGH that falls by this much or more is a wrap
constexpr std::uint32_t high = 0xFFF000;          // t[23:12]
constexpr std::uint32_t low_bits = 0xFFF;         // t[11:0]
constexpr std::uint32_t x_end = 32768;            // chained vectors can push x past int16: such events do not exist

struct Evt3State {
  std::uint32_t time = 0;  // t[23:0]
  std::uint32_t base = 0;  // x of the next vector
  std::uint32_t base_p = 0;
  std::uint32_t y = 0;
  std::int64_t wrapped = 0;  // microseconds of all wraps; lives in State::wraps between calls
  bool has_time = false;     // everything before the first TIME_HIGH is skipped, state words included
  bool em = false;           // inside an EM address
};

constexpr std::uint32_t type_of(std::uint32_t word) { return word >> 12; }
constexpr std::uint32_t content_of(std::uint32_t word) { return word & 0xFFF; }

struct Stored {
  std::uint32_t time, base, y;
  std::uint8_t base_p, has_time, em;  // 0 or 1
};

inline Evt3State load(const State& state) {
  const auto stored = state.load<Stored>();
  return {stored.time,          stored.base,   stored.base_p, stored.y, state.wraps * std::int64_t{period},
          stored.has_time != 0, stored.em != 0};
}

inline void store(State& state, const Evt3State& s) {
  state.wraps = s.wrapped / std::int64_t{period};
  state.store(Stored{s.time, s.base, s.y, s.base_p != 0, s.has_time, s.em});
}

inline void set_time_low(Evt3State& s, std::uint32_t content) { s.time = (s.time & high) | content; }

/// A new value sets TIME_LOW to 0, the same one keeps it.
inline void set_time_high(Evt3State& s, std::uint32_t content) {
  const std::uint32_t next = content << 12, last = s.time & high;
  if (!s.has_time) {
    s.time = next;
    s.has_time = true;
  } else if (next != last) {
    if (last >= next + wrap_fall) s.wrapped += period;
    s.time = next;
  }
}

/// The pixels of a vector word, without those that x cannot name; moves the base.
inline std::uint32_t take_vector(Evt3State& s, std::uint32_t word) {
  const std::uint32_t width = type_of(word) == Vect12 ? 12 : 8;
  std::uint32_t mask = word & ((1u << width) - 1);
  if (s.base > x_end - 12) [[unlikely]] {
    mask &= s.base >= x_end ? 0 : (1u << (x_end - s.base)) - 1;
  }
  s.base = std::min(s.base + width, x_end);
  return mask;
}

/// Every word that is not an event by itself: ADDR_X and vectors only move what they carry.
inline void take_state_word(Evt3State& s, std::uint32_t word) {
  const std::uint32_t content = content_of(word);
  switch (type_of(word)) {
    case AddrY:
      s.y = content & 0x7FF;
      s.em = false;
      break;
    case Em: s.em = true; break;
    case VectBaseX:
      s.base = content & 0x7FF;
      s.base_p = content >> 11;
      break;
    case TimeLow: set_time_low(s, content); break;
    case TimeHigh: set_time_high(s, content); break;
    default: break;
  }
}

}  // namespace aestream::evt3
