// Packets to an index: listed by walking their headers, counted by the data table's word or by inflating each.
#include "recording/packet_source.hpp"

#include <algorithm>
#include <utility>

#include "core/parallel.hpp"
#include "recording/packet_cursor.hpp"
#include "recording/stored_index.hpp"

namespace aestream {
namespace {

constexpr std::size_t max_checkpoints = 16384;  // of longer files, one for every so many packets: 1 MiB in all
constexpr std::size_t group = 16;               // packets that one task counts
constexpr std::size_t mebi = std::size_t{1} << 20;
constexpr std::size_t min_table = std::size_t{1} << 16;
constexpr std::size_t trusted_ratio = 64;   // of claimed events to the file: a table that claims more is not believed
constexpr std::size_t bytes_per_row = 128;  // of a data table, at most
constexpr std::uint64_t not_claimed = 0;

}  // namespace

struct PacketSource::Listing {
  std::vector<Packet> packets;  // of the stream
  std::size_t all = 0;          // packets of every stream
  ByteSpan table;
  std::size_t cut_bytes = 0;
};

PacketSource::PacketSource(std::shared_ptr<const MappedFile> file, Aedat4Layout layout,
                           std::optional<std::int32_t> stream, Aedat4Compression compression, Inflate inflate)
    : file_(std::move(file)), layout_(std::move(layout)), stream_(stream), inflater_(compression, std::move(inflate)) {}

std::unique_ptr<Cursor> PacketSource::open(const Checkpoint& checkpoint) const {
  return std::make_unique<PacketCursor>(*this, checkpoint);
}

void PacketSource::check_places(const Index& index) const {
  const bool has_claims = std::ranges::any_of(index.checkpoints, [](const auto& each) { return each.state.words[0]; });
  if (has_claims) throw IndexMismatch("expected an index of counts that were checked, found claims");
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
  while (const auto packet = walk.next()) {
    if (listing.all % 64 == 0) {
      check_interrupt();
      if (file_->is_large()) file_->forget(std::exchange(kept, packet->offset), packet->offset);
    }
    if (packet->stream == stream_) listing.packets.push_back(*packet);
    ++listing.all;
  }
  listing.table = walk.table();
  listing.cut_bytes = walk.cut_bytes();
  return listing;
}

/// The counts of the data table, if it knows every packet and claims no more than so large a file may hold.
std::optional<PacketSource::Claims> PacketSource::claims_of(const Listing& listing) const {
  std::vector<TableEntry> rows;
  try {
    Buffer scratch;
    rows = read_data_table(inflater_.inflate(listing.table, listing.all * bytes_per_row + min_table, scratch));
  } catch (const FormatError&) {
    return std::nullopt;  // damage there costs no events
  }
  Claims claims;
  std::uint64_t total = 0;
  for (const TableEntry& row : rows) {
    if (row.stream != stream_) continue;
    if (claims.size() == listing.packets.size() || row.count <= 0) return std::nullopt;
    const Packet& packet = listing.packets[claims.size()];
    const auto count = static_cast<std::uint64_t>(row.count);
    const bool same = static_cast<std::uint64_t>(row.offset) == packet.begin() &&
                      static_cast<std::uint64_t>(row.size) == packet.payload.size();
    if (!same || count > inflater_.max_inflated(packet.payload.size()) / sizeof(Event)) return std::nullopt;
    claims.push_back({count, row.last_time.value_or(no_time), packet.offset});
    total += count * sizeof(Event);
  }
  if (claims.size() != listing.packets.size()) return std::nullopt;
  return total <= trusted_ratio * file_->bytes().size() + 16 * mebi ? std::optional(std::move(claims)) : std::nullopt;
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

Index PacketSource::make_index(const Listing& listing, const std::vector<Count>& counts, std::uint64_t kind) const {
  Index index;
  const std::size_t every = counts.size() / max_checkpoints + 1;
  std::int64_t time_bound = no_time;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i % every == 0) {
      State state;
      if (kind != not_claimed) state.words = {i + 1, kind};
      index.checkpoints.push_back({counts[i].offset, index.num_events, time_bound, state});
    }
    index.num_events += counts[i].events;
    time_bound = std::max(time_bound, counts[i].latest);
  }
  if (index.checkpoints.empty()) index.checkpoints.push_back(start());
  index.cut_bytes = listing.cut_bytes;
  return index;
}

Index PacketSource::build_index(std::size_t threads, bool times) const {
  const Listing listing = list_packets();
  if (!times && inflater_ && !listing.table.empty()) {
    if (const auto claims = keep_claims(listing)) {
      Index index = make_index(listing, *claims, claimed_counts);
      for (Checkpoint& checkpoint : index.checkpoints) checkpoint.time_bound = no_time;
      return index;
    }
  }
  Index index = make_index(listing, count_packets(listing, threads, times), not_claimed);
  index.has_times = times;
  return index;
}

std::optional<Index> PacketSource::claimed_index() const {
  const Listing listing = list_packets();
  if (listing.table.empty() || listing.packets.empty()) return std::nullopt;
  const auto claims = keep_claims(listing);
  if (!claims) return std::nullopt;
  const bool has_times = std::ranges::none_of(*claims, [](const Count& claim) { return claim.latest == no_time; });
  return has_times ? std::optional(make_index(listing, *claims, claimed_times)) : std::nullopt;
}

std::shared_ptr<const PacketSource::Claims> PacketSource::keep_claims(const Listing& listing) const {
  auto found = claims_of(listing);
  if (!found) return nullptr;
  const std::lock_guard lock(mutex_);
  if (!claims_) claims_ = std::make_shared<const Claims>(std::move(*found));
  return claims_;
}

/// The packet before a checkpoint shows a bound that is too early, unless times step back further than a packet; cursors
/// look at those behind it.
void PacketSource::verify(const Checkpoint& checkpoint) const {
  const std::uint64_t number = checkpoint.state.words[0];
  if (checkpoint.state.words[1] != claimed_times || number < 2) return;
  Checkpoint before = checkpoint;
  {
    const std::lock_guard lock(mutex_);
    if (!claims_ || number > claims_->size()) throw TimeMismatch(no_offset, "expected an index of this file's table");
    before.offset = (*claims_)[number - 2].offset;
  }
  before.state.words[0] = number - 1;
  open(before)->next();
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
