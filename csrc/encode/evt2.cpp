// Every event stores a TIME_HIGH, but only one that changes the clock is kept: no branch depends on the data but the wrap.
#include "encode/evt2.hpp"

#include "core/multiversion.hpp"
#include "encode/evt2_time.hpp"

namespace aestream {
namespace {

constexpr std::size_t word_size = 4;

std::uint32_t time_word(std::int64_t high) {
  return static_cast<std::uint32_t>(evt2::time_high << evt2::high_bits |
                                    static_cast<std::uint64_t>(high & evt2::max_high));
}

std::uint32_t change_word(const Event& event) {
  const auto x = static_cast<std::uint32_t>(event.x), y = static_cast<std::uint32_t>(event.y);
  return std::uint32_t{event.p != 0} << 28 | static_cast<std::uint32_t>(event.t & 63) << 22 | x << 11 | y;
}

/// Stops before an event of another round of the clock. `out` has room for two words an event.
AESTREAM_MULTIVERSION
Encoded encode_round(const Event* events, std::size_t count, std::int64_t& last, std::uint8_t* out) {
  const std::int64_t round = evt2::round_of(last);
  std::int64_t high = last;
  std::uint8_t* to = out;
  std::size_t i = 0;
  for (; i < count; ++i) {
    const std::int64_t next = events[i].t >> 6;
    if (next >> evt2::high_bits != round) [[unlikely]]
      break;
    store_le(to, time_word(next));
    to += next != high ? word_size : 0;
    high = next;
    store_le(to, change_word(events[i]));
    to += word_size;
  }
  last = high;
  return {i, static_cast<std::size_t>(to - out)};
}

}  // namespace

Encoded Evt2Encoder::encode(ConstEventSpan events, bool, MutableByteSpan out) {
  Encoded done;
  while (done.events < events.size() && out.size() - done.bytes >= 2 * word_size) {
    std::uint8_t* const to = out.data() + done.bytes;
    const std::size_t room = out.size() - done.bytes;
    const std::size_t wraps =
        evt2::put_wraps<word_size>(state_.high, events[done.events].t, room,
                                   [to](std::size_t at, std::int64_t high) { store_le(to + at, time_word(high)); });
    if (wraps != 0) {
      done.bytes += wraps;
      continue;
    }
    const std::size_t count = std::min(events.size() - done.events, room / (2 * word_size));
    const Encoded part = encode_round(events.data() + done.events, count, state_.high, to);
    if (part.events == 0) break;
    done.events += part.events;
    done.bytes += part.bytes;
  }
  return done;
}

}  // namespace aestream
