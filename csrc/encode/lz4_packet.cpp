// Between the pixels of two events lie 12 bytes: polarity and padding of the one, the time of the other. Polarity and the
// lowest byte of the time are mostly as in some event a while ago, the rest of the time as in the event before.
#include "encode/lz4_packet.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "encode/encoder.hpp"

namespace aestream {
namespace {

constexpr std::size_t record = sizeof(Event), half = 8;  // of which the time is one, pixel and polarity the other
constexpr std::size_t max_distance = 65535 / record;     // in events
constexpr std::uint32_t stored = 0x8000'0000;            // a block that is not compressed
// Magic number; version 1, blocks on their own, no checksums; blocks of at most 256 KiB; the checksum of these two bytes.
constexpr std::array<std::uint8_t, 7> frame_head{0x04, 0x22, 0x4D, 0x18, 0x60, 0x50, 0xFB};

/// Writes sequences: literals since the last match, then a match.
class Block {
 public:
  Block(const std::uint8_t* from, std::uint8_t* out) : anchor_(from), out_(out) {}

  /// `length` bytes from `match` on repeat what stands `distance` before; at least 4, and at least 8 more follow.
  void put_match(const std::uint8_t* match, std::size_t length, std::size_t distance) {
    std::uint8_t* const token = out_;
    const auto literals = static_cast<std::size_t>(match - anchor_);
    put_count(literals);
    if (literals <= 8) {
      std::memcpy(out_, anchor_, 8);  // what is too much is written over
    } else {
      std::memcpy(out_, anchor_, literals);
    }
    out_ += literals;
    store_le(out_, static_cast<std::uint16_t>(distance));
    out_ += 2;
    *token = static_cast<std::uint8_t>(*token | std::min<std::size_t>(length - 4, 15));
    if (length >= 4 + 15) put_rest(length - 4 - 15);
    anchor_ = match + length;
  }

  /// The last sequence has no match. Returns the end of the block.
  std::uint8_t* finish(const std::uint8_t* end) {
    put_count(static_cast<std::size_t>(end - anchor_));
    return std::copy(anchor_, end, out_);
  }

 private:
  void put_count(std::size_t literals) {
    *out_++ = static_cast<std::uint8_t>(std::min<std::size_t>(literals, 15) << 4);
    if (literals >= 15) put_rest(literals - 15);
  }

  void put_rest(std::size_t count) {
    for (; count >= 255; count -= 255) *out_++ = 255;
    *out_++ = static_cast<std::uint8_t>(count);
  }

  const std::uint8_t* anchor_;  // first byte that is not written yet
  std::uint8_t* out_;
};

/// How many bytes of two words are equal, from the lowest on.
std::size_t equal_low_bytes(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::size_t>(std::countr_zero(a ^ b)) / 8;
}

/// The same from the highest on.
std::size_t equal_high_bytes(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::size_t>(std::countl_zero(a ^ b)) / 8;
}

/// Ordinals of the last events that look alike around the start of their time.
class Seen {
 public:
  /// The last event like this one, or 0; remembers this one. Those with the same y[10:8] repeat one byte more.
  std::size_t exchange(std::uint64_t pixel, std::uint64_t time, std::size_t ordinal) {
    const std::size_t key = (pixel >> 32 & 1) << 8 | (time & 0xFF);
    std::uint32_t& near = same_rows_[(pixel >> 24 & 0x7) << 9 | key];
    std::uint32_t& any = any_rows_[key];
    const std::size_t last = near != 0 ? near : any;
    near = any = static_cast<std::uint32_t>(ordinal);
    return ordinal - last <= max_distance ? last : 0;
  }

 private:
  std::array<std::uint32_t, 4096> same_rows_{};
  std::array<std::uint32_t, 512> any_rows_{};
};

/// Finds the matches of every event but the first and the last: a block must end with literals.
void put_events(const std::uint8_t* events, std::size_t count, Block& block) {
  Seen seen;
  for (std::size_t i = 1; i + 1 < count; ++i) {
    const std::uint8_t* const at = events + i * record;
    const std::uint64_t time = load_le64(at), pixel = load_le64(at - half), before = load_le64(at - record);
    std::size_t known = 0;  // bytes of the time
    if (const std::size_t j = seen.exchange(pixel, time, i); j != 0) {
      const std::uint8_t* const like = events + j * record;
      const std::size_t back = equal_high_bytes(pixel, load_le64(like - half));
      known = equal_low_bytes(time, load_le64(like));
      block.put_match(at - back, back + known, (i - j) * record);
    }
    const std::size_t from = std::max(known, half - equal_high_bytes(time, before));
    if (from <= 4) block.put_match(at + from, half - from, record);
  }
}

}  // namespace

std::size_t compress_packet(ByteSpan packet, std::size_t head, std::uint8_t* out) {
  std::ranges::copy(frame_head, out);
  std::uint8_t* const size = out + frame_head.size();
  std::uint8_t* const begin = size + 4;
  Block block(packet.data(), begin);
  put_events(packet.data() + head, (packet.size() - head) / record, block);
  std::uint8_t* end = block.finish(packet.data() + packet.size());
  auto count = static_cast<std::uint32_t>(end - begin);
  if (count >= packet.size()) {
    end = std::ranges::copy(packet, begin).out;
    count = static_cast<std::uint32_t>(packet.size()) | stored;
  }
  store_le(size, count);
  store_le(end, std::uint32_t{0});  // no more blocks
  return static_cast<std::size_t>(end + 4 - out);
}

}  // namespace aestream
