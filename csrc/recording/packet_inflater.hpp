// Packets of AEDAT4 as bytes: those in the file, or inflated into scratch memory of a size that is not known before.
#pragma once

#include <atomic>
#include <string>

#include "core/buffer_pool.hpp"
#include "core/error.hpp"
#include "decode/aedat4.hpp"
#include "decode/inflate.hpp"

namespace aestream {

class PacketInflater {
 public:
  /// `inflate` must be there unless the packets are stored as they are.
  PacketInflater(Aedat4Compression compression, Inflate inflate)
      : compression_(compression), inflate_(std::move(inflate)) {}

  /// Whether packets are compressed.
  explicit operator bool() const noexcept { return static_cast<bool>(inflate_); }

  /// What so many bytes can become at most.
  std::size_t max_inflated(std::size_t compressed) const noexcept;

  /// The inflated bytes, which lie in `scratch`, or `compressed` itself. More than `bound` bytes are refused.
  ByteSpan inflate(ByteSpan compressed, std::size_t bound, Buffer& scratch) const;

  /// read(bytes of the packet), which may throw FormatErrors that count from the first of them.
  template <class Read>
  auto read(const Packet& packet, Buffer& scratch, const Read& read) const {
    ByteSpan bytes;
    try {
      bytes = inflate_packet(packet.payload, scratch);
      if (!inflate_) return read(bytes);
    } catch (const FormatError& error) {
      throw error.shifted(packet.begin());
    }
    try {
      return read(bytes);
    } catch (const FormatError& error) {  // the file has no byte for it but the packet's first
      throw FormatError(packet.begin(),
                        "byte " + std::to_string(error.offset()) + " of the inflated packet: " + error.what());
    }
  }

 private:
  /// Usual LZ4 is inflated here, without Python; whatever else, damage included, is left to `inflate_`.
  ByteSpan inflate_into(ByteSpan compressed, Buffer& scratch) const;
  ByteSpan inflate_packet(ByteSpan payload, Buffer& scratch) const;

  Aedat4Compression compression_;
  Inflate inflate_;
  mutable std::atomic<std::size_t> largest_{0};  // inflated packet so far: the size to try first
};

}  // namespace aestream
