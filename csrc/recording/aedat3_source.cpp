// Packets to an index: long packets are divided into runs, threads count the valid events of each.
#include "recording/aedat3_source.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "recording/stored_index.hpp"

namespace aestream {
namespace {

constexpr std::size_t min_stride = 4096;        // bytes between checkpoints
constexpr std::size_t max_checkpoints = 16384;  // larger files get longer strides: the index stays at 1 MiB
constexpr std::size_t group = 16;               // runs that one task counts

/// Where inside a packet decoding goes on.
struct InPacket {
  std::uint64_t done = 0;          // bytes of its events; 0: at its header, from which all else is found
  std::uint64_t keep_invalid = 0;  // whether; finding out again could take the whole packet
};

std::size_t stride_for(std::size_t size) {
  std::size_t stride = min_stride;
  while (size / stride > max_checkpoints) stride *= 2;
  return stride;
}

class Aedat3Cursor final : public Cursor {
 public:
  Aedat3Cursor(ByteSpan file, const Checkpoint& checkpoint, std::optional<std::uint16_t> camera)
      : walk_(file, header_of(checkpoint), camera) {
    const auto in_packet = checkpoint.state.load<InPacket>();
    if (in_packet.done == 0) return;
    if (const auto packet = walk_.next()) {
      enter(*packet, in_packet.keep_invalid != 0);
      left_ = left_.subspan(std::min<std::size_t>(in_packet.done, left_.size()));
    }
  }

  std::uint64_t offset() const override {
    return left_.empty() ? walk_.offset() : packet_.begin() + packet_.events.size() - left_.size();
  }

 protected:
  std::size_t decode(EventSpan out) override {
    while (true) {
      if (left_.empty()) {
        const auto packet = walk_.next();
        if (!packet) return 0;
        enter(*packet, keeps_invalid(*packet));
      }
      const Progress progress = decode_aedat3(left_, packet_.time_base, keep_invalid_, out);
      left_ = left_.subspan(progress.bytes);
      if (progress.events != 0 || out.empty()) return progress.events;
    }
  }

 private:
  static std::size_t header_of(const Checkpoint& checkpoint) {
    const std::uint64_t done = checkpoint.state.load<InPacket>().done;
    return done == 0 ? checkpoint.offset : checkpoint.offset - done - Aedat3Packet::header_size;
  }

  void enter(const Aedat3Packet& packet, bool keep_invalid) {
    packet_ = packet;
    keep_invalid_ = keep_invalid;
    left_ = packet.events;
  }

  Aedat3Walk walk_;
  Aedat3Packet packet_;
  bool keep_invalid_ = false;
  ByteSpan left_;  // events of the packet that are not decoded yet
};

}  // namespace

/// A packet, or a part of a long one.
struct Aedat3Source::Run {
  std::size_t offset;  // of the header, or of the first event of a later part
  InPacket in_packet;
  std::int64_t time_base;
  ByteSpan events;
};

struct Aedat3Source::Listing {
  std::vector<Run> runs;
  std::size_t cut_bytes = 0;
};

Aedat3Source::Aedat3Source(std::shared_ptr<const MappedFile> file, std::size_t begin,
                           std::optional<std::uint16_t> camera)
    : file_(std::move(file)), begin_(begin), camera_(camera) {}

std::unique_ptr<Cursor> Aedat3Source::open(const Checkpoint& checkpoint) const {
  return std::make_unique<Aedat3Cursor>(file_->bytes(), checkpoint, camera_);
}

void Aedat3Source::check_places(const Index& index) const {
  aestream::check_places(index, {begin_, file_->bytes().size(), 1, 0});
  for (const Checkpoint& checkpoint : index.checkpoints) {
    const std::uint64_t done = checkpoint.state.load<InPacket>().done, before = checkpoint.offset - begin_;
    if (done != 0 && (before < Aedat3Packet::header_size || done > before - Aedat3Packet::header_size)) {
      throw IndexMismatch("expected an index of this file, found one with a place inside of no packet");
    }
  }
}

Aedat3Source::Listing Aedat3Source::list_runs(std::size_t stride) const {
  Listing listing;
  Aedat3Walk walk(file_->bytes(), begin_, camera_);
  while (const auto packet = walk.next()) {
    check_interrupt();
    const std::uint64_t keep_invalid = keeps_invalid(*packet);
    for (std::size_t done = 0; done < packet->events.size(); done += stride) {
      const ByteSpan events = packet->events.subspan(done, std::min(stride, packet->events.size() - done));
      const std::size_t offset = done == 0 ? packet->offset : packet->begin() + done;
      listing.runs.push_back({offset, {done, keep_invalid}, packet->time_base, events});
    }
  }
  listing.cut_bytes = walk.cut_bytes();
  return listing;
}

std::vector<Scan> Aedat3Source::scan_runs(const std::vector<Run>& runs, std::size_t threads) const {
  std::vector<Scan> scans(runs.size());
  parallel_for((runs.size() + group - 1) / group, threads, [&](std::size_t task) {
    const std::size_t first = task * group, last = std::min(first + group, runs.size());
    for (std::size_t i = first; i < last; ++i) {
      scans[i] = scan_aedat3(runs[i].events, runs[i].time_base, runs[i].in_packet.keep_invalid != 0);
    }
    if (file_->is_large()) file_->forget(runs[first].offset, runs[last - 1].offset + runs[last - 1].events.size());
  });
  return scans;
}

Index Aedat3Source::build_index(std::size_t threads, bool times) const {
  const std::size_t stride = stride_for(file_->bytes().size());
  const Listing listing = list_runs(stride);
  const std::vector<Scan> scans = scan_runs(listing.runs, threads);
  Index index;
  std::int64_t time_bound = no_time;
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const Run& run = listing.runs[i];
    if (index.checkpoints.empty() || run.offset - index.checkpoints.back().offset >= stride) {
      State state;
      state.store(run.in_packet);
      index.checkpoints.push_back({run.offset, index.num_events, time_bound, state});
    }
    index.num_events += scans[i].events;
    time_bound = std::max(time_bound, scans[i].time_bound);
  }
  if (index.checkpoints.empty()) index.checkpoints.push_back(start());
  index.cut_bytes = listing.cut_bytes;
  index.has_times = times;
  return index;
}

}  // namespace aestream
