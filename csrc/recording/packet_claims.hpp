// What the data table of AEDAT4 says of one stream's packets: windows are found and read by it, and what is read checks it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/buffer_pool.hpp"
#include "recording/packet_source.hpp"

namespace aestream {

/// Of a slice, the packets from the one before the window to the one that holds its end are looked at, and that they follow
/// each other; what differs from the table throws CountMismatch or TimeMismatch. Trusted is that nothing further back is
/// later than the window's start: neither packets with such times that the table leaves out nor those whose times it claims
/// too early. All packets are looked at by load().
class PacketClaims {
 public:
  /// A row of the table.
  struct Claim {
    std::size_t offset = 0;     // of the packet's header
    std::size_t size = 0;       // of its payload
    std::size_t events = 0;     // in it
    std::uint64_t ordinal = 0;  // of its first event
    std::int64_t latest = no_time, latest_so_far = no_time;

    std::size_t end() const noexcept { return offset + 8 + size; }
  };

  /// The claims of the table that the header names, or null if there is none, or it cannot be true.
  static std::shared_ptr<const PacketClaims> read(const PacketSource& source);

  PacketClaims(const PacketSource& source, std::vector<Claim> claims);

  /// The events of all packets. Their times are not looked at.
  EventArray load(std::size_t threads) const;

  /// The events of [start, stop), if the table has times.
  std::optional<EventArray> slice(std::int64_t start, std::int64_t stop, std::size_t threads) const;

 private:
  struct Opened {
    std::size_t number = 0;  // of the packet
    Buffer memory;
    ByteSpan events;  // as stored, in memory or in the file
  };
  using OpenedPtr = std::shared_ptr<const Opened>;

  std::optional<Packet> follow(std::size_t number) const;
  ByteSpan stored_events(std::size_t number, Buffer& scratch) const;
  void check_latest(std::size_t number, std::int64_t latest) const;
  void check_before(std::size_t number) const;
  OpenedPtr open(std::size_t number) const;
  void keep(const std::array<OpenedPtr, 2>& opened, std::size_t first, std::size_t last) const;

  std::size_t first_reaching(std::int64_t time) const;
  std::uint64_t ordinal(std::size_t number) const;
  void fill(std::size_t first, std::size_t last, EventSpan out, std::size_t threads, bool times) const;

  const PacketSource& source_;
  std::vector<Claim> claims_;
  bool has_times_;

  mutable std::mutex mutex_;               // over what follows
  mutable std::array<OpenedPtr, 2> kept_;  // where the last slice began and ended: the next one may begin there
  mutable std::vector<bool> is_checked_;   // whether a packet was read, and its claim found to be true
};

}  // namespace aestream
