// Tries the usual size first. What fits begins with the size prefix, which says how much there is.
#include "recording/packet_inflater.hpp"

#include <algorithm>
#include <cstring>

#include "decode/lz4.hpp"

namespace aestream {
namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;
constexpr std::size_t max_packet = 1024 * mebi;
constexpr std::size_t min_scratch = std::size_t{1} << 16;
constexpr std::size_t usual_ratio = 8;  // that real packets of events stay below

}  // namespace

std::size_t PacketInflater::max_inflated(std::size_t compressed) const noexcept {
  switch (compression_) {
    case Aedat4Compression::None: return compressed;
    case Aedat4Compression::Lz4:
    case Aedat4Compression::Lz4High: return std::min(255 * compressed + min_scratch, max_packet);
    default: return std::min(1024 * compressed + 16 * mebi, max_packet);
  }
}

ByteSpan PacketInflater::inflate(ByteSpan compressed, std::size_t bound, Buffer& scratch) const {
  if (!inflate_) return compressed;
  const std::size_t usual =
      std::max({largest_.load(std::memory_order_relaxed), usual_ratio * compressed.size(), min_scratch});
  if (scratch.size() < usual) scratch = Buffer(usual);
  std::memset(scratch.data(), 0, 4);
  try {
    return inflate_into(compressed, scratch);
  } catch (const FormatError&) {
    const std::size_t whole = std::size_t{load_le32(scratch.data())} + 4;
    if (whole <= scratch.size() || whole > bound) throw;
    scratch = Buffer(whole);
  }
  return inflate_into(compressed, scratch);
}

ByteSpan PacketInflater::inflate_into(ByteSpan compressed, Buffer& scratch) const {
  const MutableByteSpan out{scratch.data(), scratch.size()};
  if (compression_ == Aedat4Compression::Lz4 || compression_ == Aedat4Compression::Lz4High) {
    if (const auto size = inflate_lz4(compressed, out)) return out.first(*size);
  }
  return out.first(inflate_(compressed, out));
}

ByteSpan PacketInflater::inflate_packet(ByteSpan payload, Buffer& scratch) const {
  const ByteSpan bytes = inflate(payload, max_inflated(payload.size()), scratch);
  if (inflate_ && bytes.size() > largest_.load(std::memory_order_relaxed)) largest_ = bytes.size();
  return bytes;
}

}  // namespace aestream
