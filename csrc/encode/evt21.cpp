// Bases are multiples of 32, as cameras have them, though readers do without.
#include "encode/evt21.hpp"

#include "core/multiversion.hpp"
#include "encode/evt2_time.hpp"

namespace aestream {
namespace {

constexpr std::size_t word_size = 8;
constexpr std::uint64_t pixels = 32;

/// A word as a u64: the control half on top.
std::uint64_t time_word(std::int64_t high) {
  return (evt2::time_high << evt2::high_bits | static_cast<std::uint64_t>(high & evt2::max_high)) << 32;
}

/// What events of one word have in common but for their time: base, y and polarity, in the word's own places.
std::uint64_t place_of(const Event& event) {
  const auto x = static_cast<std::uint64_t>(event.x), y = static_cast<std::uint64_t>(event.y);
  return (std::uint64_t{event.p != 0} << 28 | (x & ~(pixels - 1)) << 11 | y) << 32;
}

std::uint64_t pixel_of(const Event& event) { return static_cast<std::uint64_t>(event.x) & (pixels - 1); }

/// Stops before an event of another round of the clock, and before a word that more events might join.
AESTREAM_MULTIVERSION
Encoded encode_round(const Event* events, std::size_t count, bool more, std::int64_t& last, MutableByteSpan out) {
  const std::int64_t round = evt2::round_of(last);
  std::int64_t high = last;
  std::uint8_t* to = out.data();
  const std::uint8_t* const end = to + out.size() - 2 * word_size;
  std::size_t i = 0;
  while (i < count && to <= end) {
    const Event& first = events[i];
    const std::int64_t next = first.t >> 6;
    if (next >> evt2::high_bits != round) [[unlikely]]
      break;
    const std::uint64_t place = place_of(first);
    std::uint64_t mask = std::uint64_t{1} << pixel_of(first);
    std::size_t k = i + 1;
    for (; k < count && events[k].t == first.t && events[k].x > events[k - 1].x && place_of(events[k]) == place; ++k) {
      mask |= std::uint64_t{1} << pixel_of(events[k]);
    }
    if (k == count && more) break;
    store_le(to, time_word(next));
    to += next != high ? word_size : 0;
    high = next;
    store_le(to, place | static_cast<std::uint64_t>(first.t & 63) << 54 | mask);
    to += word_size;
    i = k;
  }
  last = high;
  return {i, static_cast<std::size_t>(to - out.data())};
}

}  // namespace

Encoded Evt21Encoder::encode(ConstEventSpan events, bool more, MutableByteSpan out) {
  Encoded done;
  while (done.events < events.size() && out.size() - done.bytes >= 2 * word_size) {
    const MutableByteSpan rest = out.subspan(done.bytes);
    const std::size_t wraps = evt2::put_wraps<word_size>(
        state_.high, events[done.events].t, rest.size(),
        [rest](std::size_t at, std::int64_t high) { store_le(rest.data() + at, time_word(high)); });
    if (wraps != 0) {
      done.bytes += wraps;
      continue;
    }
    const Encoded part =
        encode_round(events.data() + done.events, events.size() - done.events, more, state_.high, rest);
    if (part.events == 0) break;
    done.events += part.events;
    done.bytes += part.bytes;
  }
  return done;
}

}  // namespace aestream
