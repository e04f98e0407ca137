// Indexing of word streams: threads scan a piece each from a state found by looking back, then the pieces are joined.
#include "recording/stream_source.hpp"

#include <algorithm>
#include <string>

#include "core/parallel.hpp"
#include "recording/stored_index.hpp"

namespace aestream {
namespace {

constexpr std::size_t min_stride = 4096;                    // bytes between checkpoints
constexpr std::size_t max_checkpoints = 16384;              // larger files get longer strides: the index stays at 1 MiB
constexpr std::size_t most_at_once = std::size_t{8} << 20;  // bytes
constexpr std::size_t min_piece = std::size_t{1} << 20;

std::size_t stride_for(std::size_t payload) {
  std::size_t stride = min_stride;
  while (payload / stride > max_checkpoints) stride *= 2;
  return stride;
}

/// The error of a decoder that was given file[base, …), seen from the start of the file; of a text with its line.
FormatError locate(const FormatError& error, const Decoder& decoder, ByteSpan file, std::size_t base) {
  const FormatError shifted = error.shifted(base);
  if (!decoder.is_text()) return shifted;
  const auto before = file.first(std::min<std::size_t>(file.size(), shifted.offset()));
  const auto line = std::ranges::count(before, std::uint8_t{'\n'}) + 1;
  return FormatError(shifted.offset(), "line " + std::to_string(line) + ": " + error.what());
}

class StreamCursor final : public Cursor {
 public:
  StreamCursor(const Decoder& decoder, ByteSpan file, const Checkpoint& checkpoint)
      : decoder_(decoder), file_(file), at_(checkpoint.offset), state_(checkpoint.state) {}

  std::uint64_t offset() const override { return at_; }

 protected:
  std::size_t decode(EventSpan out) override {
    try {
      Progress progress;
      do {
        progress = decode_some(out);
      } while (progress.events == 0 && progress.bytes != 0 && at_ != file_.size());
      if (progress.events != 0 || out.size() < min_room || finished_) return progress.events;
      finished_ = true;
      const Progress last = decoder_.finish(file_.subspan(at_), state_, out);
      at_ += last.bytes;
      return last.events;
    } catch (const FormatError& error) {
      throw locate(error, decoder_, file_, at_);
    }
  }

 private:
  /// A long stretch without events takes many calls, between which a signal is heard; a longer word one.
  Progress decode_some(EventSpan out) {
    check_interrupt();
    const ByteSpan rest = file_.subspan(at_);
    Progress progress = decoder_.decode(rest.first(std::min(rest.size(), most_at_once)), state_, out);
    if (progress.bytes == 0 && progress.events == 0 && rest.size() > most_at_once) {
      progress = decoder_.decode(rest, state_, out);
    }
    at_ += progress.bytes;
    return progress;
  }

  const Decoder& decoder_;
  ByteSpan file_;
  std::size_t at_;
  State state_;
  bool finished_ = false;
};

}  // namespace

/// A part of the payload that one thread scans. Ordinals, wraps and times count from its own start until it is joined.
struct StreamSource::Piece {
  std::size_t first = 0;
  std::size_t last = 0;
  State state;
  std::vector<Checkpoint> checkpoints;
  std::uint64_t events = 0;
  std::int64_t time_bound = no_time;
  std::size_t rest = 0;  // bytes of a cut word at its end
};

StreamSource::StreamSource(std::shared_ptr<const MappedFile> file, std::unique_ptr<const Decoder> decoder,
                           std::size_t begin)
    : file_(std::move(file)), decoder_(std::move(decoder)), begin_(begin), payload_(file_->bytes().subspan(begin)) {}

std::unique_ptr<Cursor> StreamSource::open(const Checkpoint& checkpoint) const {
  return std::make_unique<StreamCursor>(*decoder_, file_->bytes(), checkpoint);
}

void StreamSource::check_places(const Index& index) const {
  aestream::check_places(index, {begin_, begin_ + payload_.size(), decoder_->max_events_per_word(), 0});
  const std::int64_t period = decoder_->wrap_period(), most = period == 0 ? 0 : max_state_time / period;
  for (const auto& [offset, ordinal, time_bound, state] : index.checkpoints) {
    if (state.wraps < 0 || state.wraps > most || !decoder_->could_leave(state)) {
      throw IndexMismatch("expected an index of this file, found one with a state that its decoder never has");
    }
  }
}

void StreamSource::scan_piece(Piece& piece, std::size_t stride, bool times) const {
  std::size_t at = piece.first, remembered = piece.first;
  const auto add = [&piece](const Scan& scan) {
    piece.events += scan.events;
    piece.time_bound = std::max(piece.time_bound, scan.time_bound);
  };
  try {
    while (at < piece.last) {
      check_interrupt();
      piece.checkpoints.push_back({begin_ + at, piece.events, piece.time_bound, piece.state});
      const std::size_t stop = std::min(decoder_->align(payload_, at + stride), piece.last);
      const Scan scan = decoder_->scan(payload_.subspan(at, stop - at), piece.state, times);
      add(scan);
      at += scan.bytes;
      pass(scan.bytes);
      if (at != stop && (scan.bytes == 0 || decoder_->splits())) break;  // a cut word
      if (file_->is_large() && at - remembered > min_piece) {
        file_->forget(begin_ + remembered, begin_ + at);
        remembered = at;
      }
    }
    if (piece.last == payload_.size()) {
      Event few[64];
      const Progress last = decoder_->finish(payload_.subspan(at), piece.state, few);
      add({last.bytes, last.events, last.events != 0 ? few[0].t : no_time});
      at += last.bytes;
    }
  } catch (const FormatError& error) {
    throw locate(error, *decoder_, file_->bytes(), begin_ + at);
  }
  piece.rest = piece.last - at;
}

Index StreamSource::build_index(std::size_t threads, bool times) const {
  const std::size_t most = decoder_->splits() ? std::max<std::size_t>(threads, 1) : 1;
  const std::size_t count = std::clamp<std::size_t>(payload_.size() / min_piece, 1, most);
  std::vector<Piece> pieces(count);
  for (std::size_t i = 0; i < count; ++i) {
    pieces[i].first = i == 0 ? 0 : pieces[i - 1].last;
    pieces[i].last = i + 1 == count ? payload_.size() : decoder_->align(payload_, payload_.size() / count * (i + 1));
  }
  const std::size_t stride = stride_for(payload_.size());
  parallel_for(count, threads, [&](std::size_t i) {
    if (i != 0) pieces[i].state = decoder_->look_back(payload_, pieces[i].first);
    scan_piece(pieces[i], stride, times);
  });

  Index index;
  std::int64_t wraps = 0, time_bound = no_time;
  for (const Piece& piece : pieces) {
    const auto absolute = [&](std::int64_t bound) {
      return bound == no_time ? time_bound : std::max(time_bound, bound + wraps * decoder_->wrap_period());
    };
    for (Checkpoint checkpoint : piece.checkpoints) {
      checkpoint.ordinal += index.num_events;
      checkpoint.time_bound = absolute(checkpoint.time_bound);
      checkpoint.state.wraps += wraps;
      index.checkpoints.push_back(checkpoint);
    }
    index.num_events += piece.events;
    time_bound = absolute(piece.time_bound);
    wraps += piece.state.wraps;
    index.cut_bytes = piece.rest;
  }
  if (index.checkpoints.empty()) index.checkpoints.push_back(start());
  index.has_times = times;
  return index;
}

}  // namespace aestream
