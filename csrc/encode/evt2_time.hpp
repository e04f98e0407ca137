// How EVT2 and EVT2.1 say that their clock has wrapped: its highest TIME_HIGH, then 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace aestream::evt2 {

constexpr unsigned high_bits = 28;
constexpr std::int64_t max_high = (std::int64_t{1} << high_bits) - 1;
constexpr std::uint64_t time_high = 0x8;  // the type

/// The clock's round that a TIME_HIGH is in; that of a file without any is 0.
constexpr std::int64_t round_of(std::int64_t high) { return std::max<std::int64_t>(high, 0) >> high_bits; }

/// Writes pairs of TIME_HIGH until the clock is in the round of `t`, or `room` bytes are used up.
/// `put(at, content)` writes a TIME_HIGH of `word_size` bytes. Returns the bytes written.
template <std::size_t word_size, class Put>
std::size_t put_wraps(std::int64_t& high, std::int64_t t, std::size_t room, const Put& put) {
  std::size_t bytes = 0;
  for (const std::int64_t round = round_of(t >> 6); round_of(high) < round && bytes + 2 * word_size <= room;) {
    put(bytes, max_high);
    put(bytes + word_size, std::int64_t{0});
    bytes += 2 * word_size;
    high = (round_of(high) + 1) << high_bits;
  }
  return bytes;
}

}  // namespace aestream::evt2
