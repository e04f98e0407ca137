// How many events a window has is known when it is decoded: until then they lie in chunks that threads share out. What all
// earlier parts of a batch are known for is placed while it is in the cache.
#include "recording/gathered_events.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "accumulate/mapped.hpp"
#include "core/parallel.hpp"
#include "recording/packing.hpp"

namespace aestream {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr std::uint64_t min_part = std::uint64_t{1} << 14;  // events of a window that one thread decodes at a stretch
constexpr std::uint64_t max_part = std::uint64_t{1} << 16;

/// Memory that is filled from the front by whoever has it.
struct Chunk {
  Buffer memory{chunk_bytes};
  std::size_t used = 0;
};

/// Chunks that are not full, for the next task; and all that there are.
class Chunks {
 public:
  Chunk take() {
    const std::lock_guard lock(mutex_);
    if (open_.empty()) return {};
    Chunk chunk = std::move(open_.back());
    open_.pop_back();
    return chunk;
  }

  void give_back(Chunk&& chunk) {
    const std::lock_guard lock(mutex_);
    if (chunk.used == chunk_bytes) {
      full_.push_back(std::move(chunk.memory));
    } else {
      open_.push_back(std::move(chunk));
    }
  }

  std::vector<Buffer> all() && {
    for (Chunk& chunk : open_) full_.push_back(std::move(chunk.memory));
    return std::move(full_);
  }

 private:
  std::mutex mutex_;
  std::vector<Chunk> open_;
  std::vector<Buffer> full_;
};

struct Span {
  const std::uint8_t* data;
  std::uint64_t count;
};

/// What one thread has found of a window.
struct Part {
  std::vector<Span> spans;
  bool has_events = false;  // before a map
  bool is_done = false;
  std::int64_t base = 0, first = 0;
  TimeRange times;
};

class PartWriter {
 public:
  PartWriter(Part& part, Chunks& chunks, std::size_t width)
      : part_(part), chunks_(chunks), width_(width), chunk_(chunks.take()) {}
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;
  ~PartWriter() { chunks_.give_back(std::move(chunk_)); }

  /// Takes note of events before a map.
  void note(ConstEventSpan events) {
    if (!part_.has_events) {
      const std::int64_t first = events.front().t;
      part_ = {{}, true, false, packing_base(first), first, {first, first}};
    }
    part_.times = extended(part_.times, events);
  }

  void add(ConstEventSpan events) {
    while (!events.empty()) {
      if (chunk_.used == chunk_bytes) {
        chunks_.give_back(std::exchange(chunk_, Chunk{}));
        continues_ = false;
      }
      const ConstEventSpan now = events.first(std::min(events.size(), (chunk_bytes - chunk_.used) / width_));
      std::uint8_t* out = chunk_.memory.data() + chunk_.used;
      if (width_ == sizeof(Event)) {
        std::memcpy(out, now.data(), now.size_bytes());
      } else {
        pack_block(now, part_.base, reinterpret_cast<std::uint64_t*>(out));
      }
      if (!continues_) part_.spans.push_back({out, 0});
      continues_ = true;
      part_.spans.back().count += now.size();
      chunk_.used += now.size() * width_;
      events = events.subspan(now.size());
    }
  }

 private:
  Part& part_;
  Chunks& chunks_;
  std::size_t width_;
  Chunk chunk_;
  bool continues_ = false;  // the last span ends where the chunk is free
};

}  // namespace

/// Parts one behind the other, however they come in.
class GatheredEvents::Order {
 public:
  Order(GatheredEvents& all, std::vector<std::size_t> windows)
      : all_(all), windows_(std::move(windows)), parts_(windows_.size()), has_events_(all.windows_.size()) {}

  std::size_t window(std::size_t part) const { return windows_[part]; }
  Part& operator[](std::size_t part) { return parts_[part]; }

  /// The part is complete. Returns the pieces whose place is known with it.
  std::vector<Piece> finish(std::size_t part) {
    const std::lock_guard lock(mutex_);
    parts_[part].is_done = true;
    const std::size_t known = all_.pieces_.size();
    for (; next_ < parts_.size() && parts_[next_].is_done; ++next_) append(parts_[next_], windows_[next_]);
    return {all_.pieces_.begin() + static_cast<std::ptrdiff_t>(known), all_.pieces_.end()};
  }

 private:
  void append(const Part& part, std::size_t index) {
    if (!part.has_events) return;
    GatheredWindow& window = all_.windows_[index];
    if (!has_events_[index]) window = {0, part.base, part.first, part.times.latest};
    has_events_[index] = true;
    window.latest = std::max(window.latest, part.times.latest);
    const bool is_packed = all_.width_ != sizeof(Event);
    all_.is_complete_ &= !is_packed || (part.times.fits(part.base) && part.times.fits(window.base));
    const std::uint64_t later =
        is_packed ? static_cast<std::uint64_t>(part.base) - static_cast<std::uint64_t>(window.base) : 0;
    for (const Span& span : part.spans) {
      all_.pieces_.push_back({span.data, span.count, later, all_.size_});
      window.count += span.count;
      all_.size_ += span.count;
    }
  }

  GatheredEvents& all_;
  std::vector<std::size_t> windows_;  // of each part
  std::vector<Part> parts_;
  std::vector<bool> has_events_;
  std::size_t next_ = 0;
  std::mutex mutex_;
};

GatheredEvents::GatheredEvents(const Recording& recording, const std::vector<Window>& windows,
                               std::span<const CoordinateMap> maps, bool is_packed, std::size_t threads,
                               Destination out)
    : width_(is_packed ? sizeof(std::uint64_t) : sizeof(Event)), windows_(windows.size()) {
  const std::uint64_t part_events = windows.size() < 4 * threads ? min_part : max_part;
  std::vector<Window> tasks;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const std::vector<Window> parts = recording.parts_of(windows[i], part_events, threads);
    tasks.insert(tasks.end(), parts.begin(), parts.end());
    owners.insert(owners.end(), parts.size(), i);
  }
  Order order(*this, std::move(owners));
  Chunks chunks;
  recording.visit_windows(tasks, threads, [&](std::size_t i, Cursor& cursor, std::uint64_t ordinal) {
    Part& part = order[i];
    if (part.is_done) return;  // before the file's own table turned out to be wrong, from a checkpoint that was right
    part = {};
    {
      PartWriter writer(part, chunks, width_);
      EventMapper mapper(maps.empty() ? nullptr : &maps[order.window(i)]);
      visit(cursor, ordinal, tasks[i], [&](ConstEventSpan events) {
        writer.note(events);
        mapper.pass(events, [&](ConstEventSpan mapped) { writer.add(mapped); });
        return true;
      });
    }
    for (const Piece& piece : order.finish(i)) {
      if ((piece.place + piece.count) * width_ <= out.capacity) place(piece, out.memory);
    }
  });
  memory_ = std::move(chunks).all();
}

void GatheredEvents::place(const Piece& piece, std::uint8_t* out) const {
  std::uint8_t* begin = out + piece.place * width_;
  if (piece.later == 0) {
    std::memcpy(begin, piece.data, piece.count * width_);
  } else {
    rebase_words(reinterpret_cast<const std::uint64_t*>(piece.data), piece.count, piece.later,
                 reinterpret_cast<std::uint64_t*>(begin));
  }
}

void GatheredEvents::place(std::uint8_t* out, std::size_t threads) const {
  parallel_for(pieces_.size(), threads, [&](std::size_t i) { place(pieces_[i], out); });
}

}  // namespace aestream
