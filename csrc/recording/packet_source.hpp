// The source of AEDAT4: the packets of one event stream, found through their headers and inflated on demand.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/mapped_file.hpp"
#include "decode/aedat4.hpp"
#include "recording/packet_inflater.hpp"
#include "recording/source.hpp"

namespace aestream {

/// The events of one packet, for windows that share it.
struct InflatedPacket {
  std::size_t offset = 0;  // of its header
  Buffer memory;
  std::size_t count = 0;

  ConstEventSpan events() const noexcept { return {memory.as<Event>(), count}; }
};

class PacketSource final : public Source {
 public:
  /// Reads the packets of `stream`, or none. `inflate` must be there unless the packets are stored as they are.
  PacketSource(std::shared_ptr<const MappedFile> file, Aedat4Layout layout, std::optional<std::int32_t> stream,
               Aedat4Compression compression, Inflate inflate);

  Index build_index(std::size_t threads, bool times) const override;
  Checkpoint start() const override { return {layout_.begin, 0, no_time, {}}; }
  std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const override;
  void check_places(const Index& index) const override;
  std::optional<Index> claimed_index() const override;
  void verify(const Checkpoint& checkpoint) const override;

 private:
  friend class PacketCursor;
  struct Listing;
  struct Count {
    std::uint64_t events = 0;
    std::int64_t latest = no_time;
    std::uint64_t offset = 0;  // of the packet
  };
  using Claims = std::vector<Count>;
  /// In a checkpoint's state, behind the number of its packet from 1 on: what the data table claims, and cursors check.
  static constexpr std::uint64_t claimed_counts = 1, claimed_times = 2;

  Listing list_packets() const;
  std::optional<Claims> claims_of(const Listing& listing) const;
  Index make_index(const Listing& listing, const std::vector<Count>& counts, std::uint64_t kind) const;
  std::shared_ptr<const Claims> keep_claims(const Listing& listing) const;
  std::vector<Count> count_packets(const Listing& listing, std::size_t threads, bool times) const;

  /// The next packet of the stream.
  std::optional<Packet> next_packet(PacketWalk& walk) const;

  /// The stored events of a packet; they lie in `scratch`, or in the file.
  ByteSpan stored_events(const Packet& packet, Buffer& scratch) const;

  std::shared_ptr<const InflatedPacket> find_cached(std::size_t offset) const;
  void keep(std::shared_ptr<const InflatedPacket> packet) const;

  std::shared_ptr<const MappedFile> file_;
  Aedat4Layout layout_;
  std::optional<std::int32_t> stream_;
  PacketInflater inflater_;

  mutable std::mutex mutex_;  // over what follows
  mutable std::array<std::shared_ptr<const InflatedPacket>, 4> cached_;
  mutable std::size_t oldest_ = 0;
  mutable std::shared_ptr<const Claims>
      claims_;  // of the data table, for cursors opened from an index that is made of it
};

}  // namespace aestream
