// Events of one stream's packets from a checkpoint on.
#pragma once

#include <memory>

#include "recording/packet_source.hpp"

namespace aestream {

/// next_block() goes through the source's cache, since windows share packets; arrays are filled from a scratch of the cursor's.
class PacketCursor final : public Cursor {
 public:
  PacketCursor(const PacketSource& source, const Checkpoint& checkpoint);

  std::uint64_t offset() const override { return walk_.offset(); }
  std::uint64_t cut_bytes(std::uint64_t) const override { return walk_.cut_bytes(); }

 protected:
  std::size_t decode(EventSpan out) override;
  ConstEventSpan next_block() override;

 private:
  std::optional<Packet> next_packet();
  std::shared_ptr<const InflatedPacket> inflated(const Packet& packet);

  const PacketSource& source_;
  PacketWalk walk_;
  Buffer scratch_;
  std::shared_ptr<const InflatedPacket> current_;  // whose events next_block() handed out, or decode() copies from
  ByteSpan left_;                                  // events of the current packet that decode() did not copy yet
};

}  // namespace aestream
