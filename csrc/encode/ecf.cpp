// Each stream is written in a pass of its own, as it is read.
#include "encode/ecf.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "decode/ecf.hpp"

namespace aestream {
namespace {

constexpr int max_coordinate = 2047;
constexpr int mask_pixels = 5;  // that one word may hold behind its x

enum class Mode : std::uint32_t { Masks = 0, Xp = 1, Yxp = 2 };  // as the head has it

void check(ConstEventSpan events) {
  if (events.size() > max_ecf_events) {
    throw std::invalid_argument("a block holds at most " + std::to_string(max_ecf_events) + " events; got " +
                                std::to_string(events.size()));
  }
  std::int64_t before = 0;
  for (const Event& event : events) {
    if (event.t < before) {
      throw std::invalid_argument("t must be at least 0 and must not fall; got " + std::to_string(event.t) + " after " +
                                  std::to_string(before));
    }
    before = event.t;
    for (const int coordinate : {event.x, event.y}) {
      if (coordinate < 0 || coordinate > max_coordinate) {
        throw std::invalid_argument("x and y must be from 0 to " + std::to_string(max_coordinate) + "; got " +
                                    std::to_string(coordinate));
      }
    }
  }
}

/// Whether x goes on the mask that begins at `anchor`.
bool extends(int x, int before, int anchor) { return x > before && x <= anchor + mask_pixels; }

/// Rows pay from 20 % of events on the row of the one before, masks from 8 % of events that extend one.
Mode choose_mode(ConstEventSpan events) {
  const std::size_t quarter = events.size() / 4;
  std::size_t same_row = 0, extending = 0;
  int anchor = events.empty() ? 0 : events.front().x;
  for (std::size_t i = 1; i < quarter; ++i) {
    same_row += events[i].y == events[i - 1].y;
    const bool is_extending = extends(events[i].x, events[i - 1].x, anchor);
    extending += is_extending;
    if (!is_extending) anchor = events[i].x;
  }
  if (same_row * 100 <= quarter * 20) return Mode::Yxp;
  return extending * 100 <= quarter * 8 ? Mode::Xp : Mode::Masks;
}

class Writer {
 public:
  explicit Writer(std::size_t events) { bytes_.reserve(16 + 5 * events); }

  template <class Word>
  void put(Word word) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(Word));
    std::memcpy(&bytes_[at], &word, sizeof word);
  }

  /// A run in the low bits of its word, or in the next u16 from `escape` on.
  template <class Word>
  void put_run(Word word, std::size_t run, std::size_t escape) {
    const bool fits = run < escape;
    put(static_cast<Word>(word | (fits ? run : escape)));
    if (!fits) put(static_cast<std::uint16_t>(run));
  }

  Bytes finish() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Calls put(value, length) for each run of events with equal `value_of`.
template <class Value, class Put>
void for_each_run(ConstEventSpan events, const Value& value_of, const Put& put) {
  for (std::size_t i = 0; i < events.size();) {
    const auto value = value_of(events[i]);
    std::size_t end = i + 1;
    while (end < events.size() && value_of(events[end]) == value) ++end;
    put(value, end - i);
    i = end;
  }
}

void write_times(Writer& out, ConstEventSpan events) {
  std::int64_t t = events.front().t;
  out.put(t);
  for_each_run(
      events, [](const Event& event) { return event.t; },
      [&](std::int64_t next, std::size_t run) {
        auto step = static_cast<std::uint64_t>(next - t);
        t = next;
        const bool large = step >= 15;
        for (; large && step != 0; step >>= 4) out.put(static_cast<std::uint8_t>(0xF0 | (step & 15)));
        out.put_run(static_cast<std::uint8_t>(step << 4), run, 15);
      });
}

/// Calls put for groups of four packed events; absent ones are zero.
template <class Pack, class Put>
void for_each_group(ConstEventSpan events, const Pack& pack, const Put& put) {
  for (std::size_t i = 0; i < events.size(); i += 4) {
    std::array<std::uint32_t, 4> v{};
    for (std::size_t j = 0; j < std::min<std::size_t>(4, events.size() - i); ++j) v[j] = pack(events[i + j]);
    put(v);
  }
}

std::uint32_t pack_xp(const Event& event) {
  return static_cast<std::uint32_t>(event.x) << 1 | static_cast<std::uint32_t>(event.p != 0);
}

void write_yxp(Writer& out, ConstEventSpan events) {
  const auto pack = [](const Event& event) { return static_cast<std::uint32_t>(event.y) << 12 | pack_xp(event); };
  for_each_group(events, pack, [&](const auto& v) {
    out.put(v[0] << 8 | (v[1] & 0xFF));
    out.put(v[1] >> 8 << 16 | (v[2] & 0xFFFF));
    out.put(v[2] >> 16 << 24 | v[3]);
  });
}

void write_rows(Writer& out, ConstEventSpan events) {
  for_each_run(
      events, [](const Event& event) { return event.y; },
      [&](std::int16_t y, std::size_t run) { out.put_run(static_cast<std::uint16_t>(y << 5), run, 31); });
}

void write_xp(Writer& out, ConstEventSpan events) {
  for_each_group(events, pack_xp, [&](const auto& v) {
    out.put(static_cast<std::uint16_t>(v[0] << 4 | (v[1] & 15)));
    out.put(static_cast<std::uint16_t>(v[1] >> 4 << 8 | (v[2] & 0xFF)));
    out.put(static_cast<std::uint16_t>(v[2] >> 8 << 12 | v[3]));
  });
}

void write_columns(Writer& out, ConstEventSpan events) {
  for (std::size_t i = 0; i < events.size();) {
    const int anchor = events[i].x;
    int mask = 0;
    for (++i; i < events.size() && extends(events[i].x, events[i - 1].x, anchor); ++i) {
      mask |= 1 << (mask_pixels - (events[i].x - anchor));
    }
    out.put(static_cast<std::uint16_t>(anchor << 5 | mask));
  }
}

void write_polarities(Writer& out, ConstEventSpan events) {
  for_each_run(
      events, [](const Event& event) { return event.p != 0; },
      [&](bool p, std::size_t run) { out.put_run(static_cast<std::uint8_t>(p ? 0x80 : 0), run, 127); });
}

}  // namespace

Bytes encode_ecf(ConstEventSpan events) {
  check(events);
  const Mode mode = choose_mode(events);
  Writer out(events.size());
  out.put(static_cast<std::uint32_t>(events.size() << 2 | static_cast<std::uint32_t>(mode)));
  if (events.empty()) {
    out.put(std::uint64_t{0});
    return out.finish();
  }
  write_times(out, events);
  if (mode == Mode::Yxp) {
    write_yxp(out, events);
    return out.finish();
  }
  write_rows(out, events);
  if (mode == Mode::Xp) {
    write_xp(out, events);
  } else {
    write_columns(out, events);
    write_polarities(out, events);
  }
  return out.finish();
}

}  // namespace aestream
