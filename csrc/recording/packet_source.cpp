// Packets to an index: listed by walking their headers, counted by inflating each.
#include "recording/packet_source.hpp"

#include <algorithm>
#include <utility>

#include "core/parallel.hpp"
#include "recording/packet_claims.hpp"
#include "recording/packet_cursor.hpp"
#include "recording/stored_index.hpp"

namespace aestream {
namespace {

constexpr std::size_t max_checkpoints = 16384;  // of longer files, one for every so many packets: 1 MiB in all
constexpr std::size_t group = 16;               // packets that one task counts
constexpr std::size_t mebi = std::size_t{1} << 20;

}  // namespace

struct PacketSource::Listing {
  std::vector<Packet> packets;  // of the stream
  std::size_t cut_bytes = 0;
};

PacketSource::PacketSource(std::shared_ptr<const MappedFile> file, Aedat4Layout layout,
                           std::optional<std::int32_t> stream, Aedat4Compression compression, Inflate inflate)
    : file_(std::move(file)), layout_(std::move(layout)), stream_(stream), inflater_(compression, std::move(inflate)) {}

std::unique_ptr<Cursor> PacketSource::open(const Checkpoint& checkpoint) const {
  return std::make_unique<PacketCursor>(*this, checkpoint);
}

void PacketSource::check_places(const Index& index) const {
  const bool has_states = std::ranges::any_of(index.checkpoints, [](const auto& each) { return each.state.words[0]; });
  if (has_states) throw IndexMismatch("expected an index of this file, found one with states");
  const PlaceLimits limits = inflater_ ? PlaceLimits{layout_.begin, file_->bytes().size(), 64, mebi}
                                       : PlaceLimits{layout_.begin, file_->bytes().size(), 1, 0};
  aestream::check_places(index, limits);
}

std::optional<Packet> PacketSource::next_packet(PacketWalk& walk) const {
  std::optional<Packet> packet = walk.next();
  while (packet && packet->stream != stream_) packet = walk.next();
  return packet;
}

PacketSource::Listing PacketSource::list_packets() const {
  Listing listing;
  PacketWalk walk(file_->bytes(), layout_, layout_.begin);
  std::size_t kept = layout_.begin;
  for (std::size_t all = 0; const auto packet = walk.next(); ++all) {
    if (all % 64 == 0) {
      check_interrupt();
      if (file_->is_large()) file_->forget(std::exchange(kept, packet->offset), packet->offset);
    }
    if (packet->stream == stream_) listing.packets.push_back(*packet);
  }
  listing.cut_bytes = walk.cut_bytes();
  return listing;
}

std::vector<PacketSource::Count> PacketSource::count_packets(const Listing& listing, std::size_t threads,
                                                             bool times) const {
  const std::vector<Packet>& packets = listing.packets;
  std::vector<Count> counts(packets.size());
  parallel_for((packets.size() + group - 1) / group, threads, [&](std::size_t task) {
    Buffer scratch;
    const std::size_t first = task * group, last = std::min(first + group, packets.size());
    for (std::size_t i = first; i < last; ++i) {
      check_interrupt();
      const ByteSpan stored = stored_events(packets[i], scratch);
      counts[i] = {stored.size() / sizeof(Event), times ? latest_of(stored) : no_time, packets[i].offset};
      pass(packets[i].end() - packets[i].offset);
    }
    if (file_->is_large()) file_->forget(packets[first].offset, packets[last - 1].end());
  });
  return counts;
}

Index PacketSource::make_index(const Listing& listing, const std::vector<Count>& counts) const {
  Index index;
  const std::size_t every = counts.size() / max_checkpoints + 1;
  std::int64_t time_bound = no_time;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i % every == 0) index.checkpoints.push_back({counts[i].offset, index.num_events, time_bound, {}});
    index.num_events += counts[i].events;
    time_bound = std::max(time_bound, counts[i].latest);
  }
  if (index.checkpoints.empty()) index.checkpoints.push_back(start());
  index.cut_bytes = listing.cut_bytes;
  return index;
}

Index PacketSource::build_index(std::size_t threads, bool times) const {
  const Listing listing = list_packets();
  Index index = make_index(listing, count_packets(listing, threads, times));
  index.has_times = times;
  return index;
}

std::shared_ptr<const PacketClaims> PacketSource::claims() const {
  {
    const std::lock_guard lock(mutex_);
    if (knows_claims_) return claims_;
  }
  auto found = PacketClaims::read(*this);
  const std::lock_guard lock(mutex_);
  if (!std::exchange(knows_claims_, true)) claims_ = std::move(found);
  return claims_;
}

/// use(claims), if there are some that what is read does not refute.
template <class Use>
std::optional<EventArray> PacketSource::with_claims(const Use& use) const {
  const auto believed = claims();
  if (!believed) return std::nullopt;
  try {
    return use(*believed);
  } catch (const TimeMismatch&) {
  } catch (const CountMismatch&) {
  }
  const std::lock_guard lock(mutex_);
  claims_ = nullptr;
  return std::nullopt;
}

std::optional<EventArray> PacketSource::load_as_claimed(std::size_t threads) const {
  return with_claims([&](const PacketClaims& claims) -> std::optional<EventArray> { return claims.load(threads); });
}

std::optional<EventArray> PacketSource::slice_as_claimed(std::int64_t start, std::int64_t stop,
                                                         std::size_t threads) const {
  return with_claims([&](const PacketClaims& claims) { return claims.slice(start, stop, threads); });
}

ByteSpan PacketSource::stored_events(const Packet& packet, Buffer& scratch) const {
  return inflater_.read(packet, scratch, packet_events);
}

std::shared_ptr<const InflatedPacket> PacketSource::find_cached(std::size_t offset) const {
  const std::lock_guard lock(mutex_);
  for (const auto& packet : cached_) {
    if (packet && packet->offset == offset) return packet;
  }
  return nullptr;
}

void PacketSource::keep(std::shared_ptr<const InflatedPacket> packet) const {
  const std::lock_guard lock(mutex_);
  cached_[oldest_].swap(packet);
  oldest_ = (oldest_ + 1) % cached_.size();
}

}  // namespace aestream
