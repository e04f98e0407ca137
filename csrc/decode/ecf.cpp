// A block is read stream by stream, straight into the events: each reader is bounded by the bytes and by the events that
// are still missing. Runs are short, so a few events are stored whatever the run is; what is too much is stored again.
#include "decode/ecf.hpp"

#include <limits>
#include <string>

#include "core/error.hpp"

namespace aestream {
namespace {

constexpr std::size_t head_bytes = 12;  // flags and count u32, first time u64
constexpr std::uint64_t latest_time = std::numeric_limits<std::int64_t>::max();

struct Head {
  std::size_t count;
  bool yxp;  // x, y and p packed together
  bool xp;   // rows as runs, x and p packed; neither: x as masks, p as runs
};

[[noreturn]] void throw_error(std::size_t offset, const std::string& expected, const std::string& found) {
  throw FormatError(offset, "expected " + expected + ", found " + found);
}

/// A position in a block. Readers take it by value and return it, so that it lives in registers.
class Reader {
 public:
  Reader(ByteSpan block, std::size_t offset)
      : begin_(block.data()), at_(begin_ + offset), end_(begin_ + block.size()) {}

  template <class Word>
  Word take() {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(Word)) [[unlikely]]
      throw_error(offset(), std::to_string(sizeof(Word)) + " bytes more", "the end of the block");
    const Word word = load_le<Word>(at_);
    at_ += sizeof(Word);
    return word;
  }

  /// Bytes of a whole group of packed events.
  const std::uint8_t* take(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) [[unlikely]]
      throw_error(offset(), "a group of " + std::to_string(size) + " bytes", "the end of the block");
    at_ += size;
    return at_ - size;
  }

  /// The length of a run whose `length` stands in its word; `escape` says that the next u16 has it. At most `room`.
  std::size_t take_run(std::size_t length, std::size_t escape, std::size_t room) {
    if (length == escape) length = take<std::uint16_t>();
    if (length > room) [[unlikely]]
      throw_error(offset(), "at most " + std::to_string(room) + " events more", "a run of " + std::to_string(length));
    return length;
  }

  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

/// Calls store for the first `count` events, or for four if there are so many.
template <class Store>
inline void repeat(EventSpan out, std::size_t count, const Store& store) {
  std::size_t i = 0;
  if (out.size() >= 4) {
    for (; i < 4; ++i) store(out[i]);
  }
  for (; i < count; ++i) store(out[i]);
}

inline void store_pixel(Event& out, std::uint32_t x, std::uint32_t y, std::uint32_t p) {
  const std::uint64_t word = std::uint64_t{x} | std::uint64_t{y} << 16 | std::uint64_t{p} << 32;
  std::memcpy(&out.x, &word, sizeof word);
}

Reader read_times(Reader in, EventSpan out) {
  auto t = in.take<std::uint64_t>();
  if (t > latest_time) throw_error(in.offset() - 8, "a time below 2^63", std::to_string(t));
  unsigned shift = 0;  // of the next nibble of a large step
  for (std::size_t i = 0; i < out.size();) {
    const std::uint8_t byte = in.take<std::uint8_t>();
    const bool large = byte >= 0xF0;
    if (large && shift > 60) [[unlikely]]
      throw_error(in.offset() - 1, "a step of at most 16 nibbles", "another one");
    const std::uint64_t step = large ? std::uint64_t{bits(byte, 0, 4)} << shift : bits(byte, 4, 4);
    if (step > latest_time - t) [[unlikely]]
      throw_error(in.offset() - 1, "times below 2^63", std::to_string(t) + " + " + std::to_string(step));
    t += step;
    if (large) {
      shift += 4;
      continue;
    }
    shift = 0;
    const std::size_t run = in.take_run(bits(byte, 0, 4), 15, out.size() - i);
    repeat(out.subspan(i), run, [t](Event& event) { event.t = static_cast<std::int64_t>(t); });
    i += run;
  }
  return in;
}

/// Groups of four events in three u32.
Reader read_yxp(Reader in, EventSpan out) {
  const auto store = [](Event& event, std::uint32_t v) { store_pixel(event, bits(v, 1, 11), v >> 12, v & 1); };
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const std::uint8_t* group = in.take(12);
    const std::uint32_t w0 = load_le32(group), w1 = load_le32(group + 4), w2 = load_le32(group + 8);
    store(out[i], w0 >> 8);
    const std::size_t count = out.size() - i;
    if (count > 1) store(out[i + 1], (w0 & 0xFF) | w1 >> 16 << 8);
    if (count > 2) store(out[i + 2], (w1 & 0xFFFF) | w2 >> 24 << 16);
    if (count > 3) store(out[i + 3], w2 & 0xFFFFFF);
  }
  return in;
}

/// Runs of equal y. It comes before x and p, and clears them.
Reader read_rows(Reader in, EventSpan out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint16_t word = in.take<std::uint16_t>();
    const std::size_t run = in.take_run(bits(word, 0, 5), 31, out.size() - i);
    repeat(out.subspan(i), run, [y = word >> 5](Event& event) { store_pixel(event, 0, static_cast<unsigned>(y), 0); });
    i += run;
  }
  return in;
}

/// Groups of four events in three u16.
Reader read_xp(Reader in, EventSpan out) {
  const auto store = [](Event& event, unsigned v) {
    event.x = static_cast<std::int16_t>(v >> 1);
    event.p = v & 1;
  };
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const std::uint8_t* group = in.take(6);
    const unsigned w0 = load_le16(group), w1 = load_le16(group + 2), w2 = load_le16(group + 4);
    store(out[i], w0 >> 4);
    const std::size_t count = out.size() - i;
    if (count > 1) store(out[i + 1], (w0 & 15) | w1 >> 8 << 4);
    if (count > 2) store(out[i + 2], (w1 & 0xFF) | w2 >> 12 << 8);
    if (count > 3) store(out[i + 3], w2 & 0xFFF);
  }
  return in;
}

/// One x and a mask of the five behind it; bits beyond the last event mean nothing.
Reader read_columns(Reader in, EventSpan out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint16_t word = in.take<std::uint16_t>();
    auto x = static_cast<std::int16_t>(word >> 5);
    out[i++].x = x;
    if (out.size() - i >= 5) {
      for (unsigned j = 5; j-- > 0; i += bit(word, j)) out[i].x = ++x;
    } else {
      for (unsigned j = 5; j-- > 0 && i < out.size(); i += bit(word, j)) out[i].x = ++x;
    }
  }
  return in;
}

Reader read_polarities(Reader in, EventSpan out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint8_t byte = in.take<std::uint8_t>();
    const std::size_t run = in.take_run(bits(byte, 0, 7), 127, out.size() - i);
    repeat(out.subspan(i), run, [p = bits(byte, 7, 1)](Event& event) { event.p = p; });
    i += run;
  }
  return in;
}

Head read_head(ByteSpan block) {
  if (block.size() < head_bytes) {
    throw_error(0, "a block of at least " + std::to_string(head_bytes) + " bytes", std::to_string(block.size()));
  }
  const std::uint32_t word = load_le32(block.data());
  const Head head{word >> 2, bit(word, 1), bit(word, 0)};
  if (head.count > max_ecf_events) {
    throw_error(0, "at most " + std::to_string(max_ecf_events) + " events in a block", std::to_string(head.count));
  }
  const std::size_t groups = (head.count + 3) / 4, masks = (head.count + 5) / 6;
  const std::size_t least = head_bytes + (head.yxp ? 12 * groups : head.xp ? 6 * groups : 2 * masks);
  if (block.size() < least) {
    throw_error(0, "at least " + std::to_string(least) + " bytes for " + std::to_string(head.count) + " events",
                std::to_string(block.size()));
  }
  return head;
}

}  // namespace

std::size_t ecf_count(ByteSpan block) { return read_head(block).count; }

std::size_t decode_ecf(ByteSpan block, EventSpan out) {
  const Head head = read_head(block);
  if (head.count > out.size()) {
    throw_error(0, "at most " + std::to_string(out.size()) + " events", std::to_string(head.count));
  }
  const EventSpan events = out.first(head.count);
  const Reader pixels = read_times(Reader(block, sizeof(std::uint32_t)), events);
  if (head.yxp) {
    read_yxp(pixels, events);
    return head.count;
  }
  const Reader columns = read_rows(pixels, events);
  if (head.xp) {
    read_xp(columns, events);
  } else {
    read_polarities(read_columns(columns, events), events);
  }
  return head.count;
}

}  // namespace aestream
