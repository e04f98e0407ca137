// A chunk is a header, where each block starts, and blocks of one stream, or of one for each byte of a number.
#include "decode/blosc.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "decode/shuffle.hpp"

namespace aestream {
namespace {

constexpr std::size_t header_size = 16;
constexpr std::size_t max_splits = 16;
constexpr std::size_t min_stream = 128;  // bytes: shorter ones are not split

enum class Codec : std::uint8_t { BloscLz = 0, Lz4 = 1, Snappy = 2, Zlib = 3, Zstd = 4 };

struct Header {
  bool shuffled, stored, bit_shuffled, whole_blocks;
  Codec codec;
  std::size_t type_size, bytes, block_bytes;
};

Header read_header(ByteSpan chunk) {
  if (chunk.size() < header_size) throw FormatError(0, "expected a header of Blosc, found the end of the chunk");
  if (chunk[0] != 1 && chunk[0] != 2) {
    throw FormatError(0, "expected version 1 or 2 of Blosc's format, found " + std::to_string(chunk[0]));
  }
  const std::uint8_t flags = chunk[2];
  const Header header{bit(flags, 0), bit(flags, 1),        bit(flags, 2),       bit(flags, 4), Codec{bits(flags, 5, 3)},
                      chunk[3],      load_le32(&chunk[4]), load_le32(&chunk[8])};
  if (header.bytes != 0 && (header.block_bytes == 0 || header.block_bytes > header.bytes || header.type_size == 0)) {
    throw FormatError(8, "expected blocks of 1 to " + std::to_string(header.bytes) + " bytes, found " +
                             std::to_string(header.block_bytes));
  }
  return header;
}

const Inflate& choose(Codec codec, const BloscCodecs& codecs) {
  switch (codec) {
    case Codec::Lz4: return codecs.lz4;
    case Codec::Zlib: return codecs.zlib;
    case Codec::Zstd: return codecs.zstd;
    default: throw FormatError(2, "expected LZ4, Zlib or Zstandard within Blosc, found another codec");
  }
}

/// A stream is stored where it did not become smaller. Returns the offset behind it.
std::size_t decode_stream(ByteSpan chunk, std::size_t at, const Inflate& inflate, MutableByteSpan out) {
  if (at > chunk.size() || chunk.size() - at < 4)
    throw FormatError(at, "expected a stream, found the end of the chunk");
  const std::size_t size = load_le32(&chunk[at]);
  at += 4;
  if (size > chunk.size() - at) {
    throw FormatError(at - 4, "expected a stream of at most " + std::to_string(chunk.size() - at) + " bytes, found " +
                                  std::to_string(size));
  }
  const ByteSpan stream = chunk.subspan(at, size);
  if (size == out.size()) {
    std::ranges::copy(stream, out.begin());
  } else if (const std::size_t found = inflate(stream, out); found != out.size()) {
    throw FormatError(at, "expected a stream of " + std::to_string(out.size()) + " bytes when inflated, found " +
                              std::to_string(found));
  }
  return at + size;
}

}  // namespace

std::size_t blosc_size(ByteSpan chunk) { return read_header(chunk).bytes; }

void decode_blosc(ByteSpan chunk, const BloscCodecs& codecs, MutableByteSpan out) {
  const Header header = read_header(chunk);
  if (header.bytes == 0) return;
  if (header.bit_shuffled) throw FormatError(2, "expected a shuffle of bytes, found one of bits");
  if (header.stored) {
    if (chunk.size() - header_size < header.bytes) throw FormatError(4, "expected stored bytes, found the chunk's end");
    std::ranges::copy(chunk.subspan(header_size, header.bytes), out.begin());
    return;
  }
  const Inflate& inflate = choose(header.codec, codecs);
  const std::size_t blocks = (header.bytes + header.block_bytes - 1) / header.block_bytes;
  if ((chunk.size() - header_size) / 4 < blocks)
    throw FormatError(8, "expected the starts of all blocks, found the end");
  const bool unshuffles = header.shuffled && header.type_size > 1;
  std::vector<std::uint8_t> scratch(unshuffles ? header.block_bytes : 0);
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t first = i * header.block_bytes, size = std::min(header.block_bytes, header.bytes - first);
    const bool splits = !header.whole_blocks && size == header.block_bytes && header.type_size <= max_splits &&
                        size / header.type_size >= min_stream;
    const std::size_t streams = splits ? header.type_size : 1, part = size / streams;
    const MutableByteSpan target = unshuffles ? MutableByteSpan(scratch).first(size) : out.subspan(first, size);
    std::size_t at = load_le32(&chunk[header_size + 4 * i]);
    for (std::size_t k = 0; k < streams; ++k) at = decode_stream(chunk, at, inflate, target.subspan(k * part, part));
    if (unshuffles) unshuffle(target, header.type_size, out.subspan(first, size));
  }
}

}  // namespace aestream
