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

class PacketClaims;

class PacketSource final : public Source {
 public:
  /// Reads the packets of `stream`, or none. `inflate` must be there unless the packets are stored as they are.
  PacketSource(std::shared_ptr<const MappedFile> file, Aedat4Layout layout, std::optional<std::int32_t> stream,
               Aedat4Compression compression, Inflate inflate);

  Index build_index(std::size_t threads, bool times) const override;
  bool must_count() const override { return static_cast<bool>(inflater_); }
  Checkpoint start() const override { return {layout_.begin, 0, no_time, {}}; }
  std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const override;
  void check_places(const Index& index) const override;
  std::optional<EventArray> load_as_claimed(std::size_t threads) const override;
  std::optional<EventArray> slice_as_claimed(std::int64_t start, std::int64_t stop, std::size_t threads) const override;

 private:
  friend class PacketClaims;
  friend class PacketCursor;
  struct Listing;
  struct Count {
    std::uint64_t events = 0;
    std::int64_t latest = no_time;
    std::uint64_t offset = 0;  // of the packet
  };

  Listing list_packets() const;
  Index make_index(const Listing& listing, const std::vector<Count>& counts) const;
  std::vector<Count> count_packets(const Listing& listing, std::size_t threads, bool times) const;

  /// Of the file's table; null where there is none, or it was refuted.
  std::shared_ptr<const PacketClaims> claims() const;
  template <class Use>
  std::optional<EventArray> with_claims(const Use& use) const;

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
  mutable bool knows_claims_ = false;
  mutable std::shared_ptr<const PacketClaims> claims_;
};

}  // namespace aestream
