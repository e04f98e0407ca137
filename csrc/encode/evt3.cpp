// A vector joins events that follow each other at one time, on one line, with one polarity and rising x: order is kept.
#include "encode/evt3.hpp"

#include <algorithm>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

using State = Evt3Encoder::State;

enum Type : std::uint32_t {
  AddrY = 0x0,
  AddrX = 0x2,
  VectBaseX = 0x3,
  Vect12 = 0x4,
  Vect8 = 0x5,
  TimeLow = 0x6,
  TimeHigh = 0x8,
};

constexpr std::size_t word_size = 2;
constexpr std::size_t most_bytes = 16;  // that one event or vector may store
constexpr std::int64_t pixels = 32;     // of a vector
constexpr std::int64_t max_width = 2048;
// TIME_HIGH that the clock moves on by at most, 4.2 s: after 8.4 s, no reader could tell a gap from a step back.
constexpr std::int64_t max_step = 1024;
constexpr std::int64_t max_high = 4095;

template <class Content>
void put(std::uint8_t* out, Type type, Content content) {
  store_le(out, static_cast<std::uint16_t>(type << 12 | (static_cast<std::uint32_t>(content) & 0xFFF)));
}

bool same_vector(const Event& a, const Event& b) { return a.t == b.t && a.y == b.y && (a.p != 0) == (b.p != 0); }

struct Group {
  std::uint32_t mask = 0;
  std::size_t count = 0;
};

/// The first events of `events`, as far as they fit into one vector from `base` on.
Group collect(ConstEventSpan events, std::int64_t base) {
  Group group;
  std::int64_t before = base - 1;
  for (const Event& event : events) {
    if (event.x <= before || event.x >= base + pixels || !same_vector(event, events[0])) break;
    before = event.x;
    group.mask |= std::uint32_t{1} << (event.x - base);
    ++group.count;
  }
  return group;
}

std::uint8_t* put_group(std::uint8_t* out, std::uint32_t mask) {
  put(out, Vect12, mask);
  put(out + word_size, Vect12, mask >> 12);
  put(out + 2 * word_size, Vect8, mask >> 24);
  return out + 3 * word_size;
}

/// Writes a vector for the first events if that is shorter than an ADDR_X each; moves `out` and returns the events in it.
std::size_t put_vector(ConstEventSpan events, State& s, std::uint8_t*& out) {
  const Event& first = events[0];
  const bool p = first.p != 0;
  const std::int64_t width = std::min(s.width, max_width);
  if (s.has_base && s.base_p == p && s.base <= first.x && s.base + pixels <= width) {
    const Group group = collect(events, s.base);
    if (group.count > 3) {
      out = put_group(out, group.mask);
      s.base += pixels;
      return group.count;
    }
  }
  if (width < pixels) return 0;
  const std::int64_t base = std::min<std::int64_t>(first.x, width - pixels);
  const Group group = collect(events, base);
  if (group.count <= 4) return 0;
  put(out, VectBaseX, std::uint32_t{p} << 11 | static_cast<std::uint32_t>(base));
  out = put_group(out + word_size, group.mask);
  s.base = base + pixels;
  s.base_p = p;
  s.has_base = true;
  return group.count;
}

/// Whether the first events may make a vector: most that do not are told by one comparison.
bool may_join(const Event* event, const Event* end) {
  if (end - event < 4) return false;
  const Event& fourth = event[3];
  return fourth.t == event->t && fourth.y == event->y && fourth.x > event->x && fourth.x < event->x + pixels;
}

/// Moves the clock towards `high` as far as `room` allows; returns the bytes written.
std::size_t put_time_highs(State& s, std::int64_t high, MutableByteSpan out) {
  std::size_t bytes = 0;
  while (s.high != high && bytes + word_size <= out.size()) {
    if (s.high < 0) {
      s.high = high <= max_high ? high : 0;
    } else if (high < s.high) {
      s.high = high;
    } else {
      const std::int64_t end_of_round = s.high | max_high;  // a wrap is from the highest to 0, as cameras have it
      s.high = s.high == end_of_round ? s.high + 1 : std::min({high, s.high + max_step, end_of_round});
    }
    put(out.data() + bytes, TimeHigh, s.high);
    bytes += word_size;
    s.low = -1;
  }
  return bytes;
}

/// Stops before an event of another TIME_HIGH. With `more` to come, leaves those whose vector they might join.
AESTREAM_MULTIVERSION
Encoded encode_events(ConstEventSpan events, bool more, State& state, MutableByteSpan out) {
  State s = state;
  std::uint8_t* to = out.data();
  const std::uint8_t* const last = to + out.size() - most_bytes;
  const Event *event = events.data(), *const end = event + events.size();
  const Event* const stop = more ? end - std::min<std::ptrdiff_t>(end - event, pixels) : end;
  while (event < stop && to <= last && event->t >> 12 == s.high) {
    const std::int64_t low = event->t & 0xFFF;
    put(to, TimeLow, low);
    to += low != s.low ? word_size : 0;
    s.low = low;
    put(to, AddrY, event->y);
    to += event->y != s.y ? word_size : 0;
    s.y = event->y;
    if (may_join(event, end)) {
      const std::size_t count = put_vector({event, end}, s, to);
      event += count;
      if (count != 0) continue;
    }
    put(to, AddrX, static_cast<std::uint32_t>(event->p != 0) << 11 | static_cast<std::uint32_t>(event->x));
    to += word_size;
    s.has_base = false;  // some readers take this for a base
    ++event;
  }
  state = s;
  return {static_cast<std::size_t>(event - events.data()), static_cast<std::size_t>(to - out.data())};
}

}  // namespace

Encoded Evt3Encoder::encode(ConstEventSpan events, bool more, MutableByteSpan out) {
  Encoded done;
  while (done.events < events.size() && out.size() - done.bytes >= most_bytes) {
    const ConstEventSpan rest = events.subspan(done.events);
    if (more && rest.size() <= static_cast<std::size_t>(pixels)) break;
    done.bytes += put_time_highs(state_, rest[0].t >> 12, out.subspan(done.bytes));
    if (out.size() - done.bytes < most_bytes) break;
    const Encoded part = encode_events(rest, more, state_, out.subspan(done.bytes));
    done.events += part.events;
    done.bytes += part.bytes;
  }
  return done;
}

}  // namespace aestream
