// LZ4 for packets of events: it looks for repetitions only where records of 16 bytes have them. Spec: lz4.org, frame 1.6.
#pragma once

#include <cstddef>

#include "core/bytes.hpp"

namespace aestream {

inline constexpr std::size_t max_lz4_packet = std::size_t{256} << 10;  // a frame of ours is one block of at most this

/// Bytes that compress_packet() may touch for a packet of `size`.
constexpr std::size_t lz4_room(std::size_t size) { return size + size / 255 + 64; }

/// Compresses `head` bytes of anything and the events behind them into one frame, of which any LZ4 makes the packet again.
/// `packet` has at most max_lz4_packet bytes, `out` room for lz4_room() of them. Returns the size of the frame.
std::size_t compress_packet(ByteSpan packet, std::size_t head, std::uint8_t* out);

}  // namespace aestream
