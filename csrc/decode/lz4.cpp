// Packets of events are short literals and matches: where there is room both are copied by whole words, past their ends.
#include "decode/lz4.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace aestream {
namespace {

constexpr std::uint32_t magic = 0x184D2204;
constexpr std::size_t min_match = 4;
constexpr std::size_t word = 16;      // bytes that are copied at once
constexpr std::size_t margin = 64;    // bytes before either end in which copies are exact
constexpr unsigned long_length = 15;  // of a token: more bytes say by how much it is longer

struct Frame {
  bool independent = false;   // blocks refer to nothing before them
  std::size_t max_block = 0;  // bytes of one when inflated
  std::size_t content = 0;    // bytes of all; 0 if the header does not say
  std::size_t begin = 0;      // of the first block
};

/// Of less than 16 bytes. Spec: github.com/Cyan4973/xxHash, xxhash_spec.md.
std::uint32_t short_xxh32(ByteSpan bytes) {
  constexpr std::uint32_t prime1 = 0x9E3779B1, prime2 = 0x85EBCA77, prime3 = 0xC2B2AE3D, prime4 = 0x27D4EB2F,
                          prime5 = 0x165667B1;
  std::uint32_t hash = prime5 + static_cast<std::uint32_t>(bytes.size());
  for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
    hash = std::rotl(hash + load_le32(&bytes[0]) * prime3, 17) * prime4;
  }
  for (const std::uint8_t byte : bytes) hash = std::rotl(hash + byte * prime5, 11) * prime1;
  hash = (hash ^ (hash >> 15)) * prime2;
  hash = (hash ^ (hash >> 13)) * prime3;
  return hash ^ (hash >> 16);
}

std::optional<Frame> read_header(ByteSpan frame) {
  if (frame.size() < 7 || load_le32(&frame[0]) != magic) return std::nullopt;
  const std::uint8_t flags = frame[4], sizes = frame[5];
  const bool has_content = bit(flags, 3);
  // Version 1; neither checksums nor a dictionary; reserved bits are zero.
  if ((flags & 0xD7) != 0x40 || (sizes & 0x8F) != 0 || bits(sizes, 4, 3) < 4) return std::nullopt;
  const std::size_t end = has_content ? 14 : 6;
  if (frame.size() <= end || frame[end] != ((short_xxh32(frame.subspan(4, end - 4)) >> 8) & 0xFF)) return std::nullopt;
  return Frame{bit(flags, 5), std::size_t{1} << (8 + 2 * bits(sizes, 4, 3)),
               has_content ? load_le<std::uint64_t>(&frame[6]) : 0, end + 1};
}

/// Adds the bytes that follow a long length; false if they end too early or say more than `most`.
bool read_length(const std::uint8_t*& in, const std::uint8_t* end, std::size_t& length, std::size_t most) {
  while (in != end && length <= most) {
    const std::uint8_t byte = *in++;
    length += byte;
    if (byte != 255) return length <= most;
  }
  return false;
}

void copy_word(const std::uint8_t* from, std::uint8_t* to) {
  std::uint8_t bytes[word];
  std::memcpy(bytes, from, word);
  std::memcpy(to, bytes, word);
}

/// Copies what may overlap its source, `distance` behind it. May write up to a word past `length` if `room` allows that.
void copy_match(std::uint8_t* to, std::size_t distance, std::size_t length, std::size_t room) {
  const std::uint8_t* from = to - distance;
  if (distance < word || room < length + word) {
    for (std::size_t i = 0; i < length; ++i) to[i] = from[i];
    return;
  }
  for (std::size_t i = 0; i < length; i += word) copy_word(from + i, to + i);
}

/// Where a block's bytes are read and written. Matches begin at or after `first`.
struct Places {
  const std::uint8_t* in;
  const std::uint8_t* in_end;
  std::uint8_t* out;
  std::uint8_t* out_end;
  const std::uint8_t* first;

  std::size_t left() const { return static_cast<std::size_t>(in_end - in); }
  std::size_t room() const { return static_cast<std::size_t>(out_end - out); }
};

/// Most sequences are short and far from both ends: their copies need no loop. Stops before one that is not.
void inflate_short(Places& places) {
  if (places.left() < margin || places.room() < margin) return;
  const std::uint8_t* in = places.in;
  std::uint8_t* out = places.out;
  const std::uint8_t* const in_stop = places.in_end - margin;
  std::uint8_t* const out_stop = places.out_end - margin;
  while (in <= in_stop && out <= out_stop) {
    const unsigned token = *in, literals = token >> 4, length = token & 15;
    const std::size_t distance = load_le16(in + 1 + literals);
    if (literals == long_length || length == long_length || distance < word) break;
    if (distance > static_cast<std::size_t>(out - places.first) + literals) break;
    copy_word(in + 1, out);
    in += 3 + literals;
    out += literals;
    copy_word(out - distance, out);
    copy_word(out - distance + word, out + word);
    out += length + min_match;
  }
  places.in = in;
  places.out = out;
}

enum class Sequence { Whole, Last, Damaged };

/// One sequence of any length. The last of a block has no match.
Sequence inflate_sequence(Places& places) {
  const unsigned token = *places.in++;
  std::size_t literals = token >> 4, length = token & 15;
  if (literals == long_length && !read_length(places.in, places.in_end, literals, places.room()))
    return Sequence::Damaged;
  if (literals > places.room() || literals > places.left()) return Sequence::Damaged;
  places.out = std::copy_n(places.in, literals, places.out);
  places.in += literals;
  if (places.left() == 0) return Sequence::Last;
  if (places.left() < 2) return Sequence::Damaged;
  const std::size_t distance = load_le16(places.in);
  if (distance == 0 || distance > static_cast<std::size_t>(places.out - places.first)) return Sequence::Damaged;
  places.in += 2;
  if (length == long_length && !read_length(places.in, places.in_end, length, places.room())) return Sequence::Damaged;
  length += min_match;
  if (length > places.room()) return Sequence::Damaged;
  copy_match(places.out, distance, length, places.room());
  places.out += length;
  return places.left() == 0 ? Sequence::Damaged : Sequence::Whole;
}

/// Inflates a block. Returns where it ends; null if it is damaged.
std::uint8_t* inflate_block(ByteSpan block, std::uint8_t* out, std::uint8_t* out_end, const std::uint8_t* first) {
  Places places{block.data(), block.data() + block.size(), out, out_end, first};
  if (block.empty()) return nullptr;
  while (true) {
    inflate_short(places);
    switch (inflate_sequence(places)) {
      case Sequence::Whole: break;
      case Sequence::Last: return places.out;
      case Sequence::Damaged: return nullptr;
    }
  }
}

}  // namespace

std::optional<std::size_t> inflate_lz4(ByteSpan frame, MutableByteSpan out) {
  const std::optional<Frame> header = read_header(frame);
  if (!header) return std::nullopt;
  std::uint8_t* to = out.data();
  std::size_t at = header->begin;
  while (true) {
    if (frame.size() - at < 4) return std::nullopt;
    const std::uint32_t head = load_le32(&frame[at]);
    at += 4;
    if (head == 0) break;
    const std::size_t size = head & 0x7FFFFFFF;
    if (size > frame.size() - at || size > header->max_block) return std::nullopt;
    const ByteSpan block = frame.subspan(at, size);
    at += size;
    const std::size_t done = static_cast<std::size_t>(to - out.data());
    const std::size_t room = std::min(out.size() - done, header->max_block);
    if (bit(head, 31)) {  // stored as it is
      if (size > room) return std::nullopt;
      to = std::copy(block.begin(), block.end(), to);
    } else {
      to = inflate_block(block, to, to + room, header->independent ? to : out.data());
      if (to == nullptr) return std::nullopt;
    }
  }
  const auto size = static_cast<std::size_t>(to - out.data());
  const bool is_whole = at == frame.size() && (header->content == 0 || header->content == size);
  return is_whole ? std::optional(size) : std::nullopt;
}

}  // namespace aestream
