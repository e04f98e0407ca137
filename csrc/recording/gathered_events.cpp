// How many events a window has is known when it is decoded: until then they lie in chunks that threads share out. A window
// that one thread decodes is placed at once, while it is in the cache, wherever the last one ended.
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
constexpr std::uint64_t max_part = std::uint64_t{1} << 20;  // where there are windows for every thread

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

}  // namespace

struct Part {
  std::vector<Span> spans;
  bool has_events = false;  // before a map
  bool is_done = false;
  std::int64_t base = 0, first = 0;
  TimeRange times;

  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const Span& span : spans) sum += span.count;
    return sum;
  }
};

namespace {

class PartWriter {
 public:
  PartWriter(Part& part, Chunks& chunks, std::size_t width)
      : part_(part), chunks_(chunks), width_(width), chunk_(chunks.take()) {}
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;
  ~PartWriter() { chunks_.give_back(std::move(chunk_)); }

  /// Takes note of the first of the part's events, before a map.
  void begin(ConstEventSpan events) {
    if (part_.has_events) return;
    const std::int64_t first = events.front().t;
    part_ = {{}, true, false, packing_base(first), first, {first, first}};
  }

  /// Takes note of events that a map may drop.
  void note(ConstEventSpan events) { part_.times = extended(part_.times, events); }

  /// Copies what was added to `out`, and fills the memory of its last piece anew.
  void move_to(std::uint8_t* out) {
    for (Span& span : part_.spans) {
      std::memcpy(out, span.data, span.count * width_);
      span.data = std::exchange(out, out + span.count * width_);
    }
    if (continues_) chunk_.used -= part_.spans.back().count * width_;
    continues_ = false;
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
        note(now);
      } else {
        part_.times = pack_block(now, part_.base, reinterpret_cast<std::uint64_t*>(out), part_.times);
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

GatheredEvents::GatheredEvents(const Recording& recording, const std::vector<Window>& windows,
                               std::span<const CoordinateMap> maps, bool is_packed, std::size_t threads,
                               Destination out)
    : width_(is_packed ? sizeof(std::uint64_t) : sizeof(Event)), windows_(windows.size()) {
  const std::uint64_t part_events = windows.size() < 4 * threads ? min_part : max_part;
  std::vector<Window> tasks;
  std::vector<std::size_t> owners, begins{0};  // the window of each task; the first task of each window
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const std::vector<Window> split = recording.parts_of(windows[i], part_events, threads);
    tasks.insert(tasks.end(), split.begin(), split.end());
    owners.insert(owners.end(), split.size(), i);
    begins.push_back(tasks.size());
  }
  const auto is_alone = [&](std::size_t window) { return begins[window + 1] - begins[window] == 1; };
  std::vector<Part> parts(tasks.size());
  Chunks chunks;
  std::mutex mutex;
  recording.visit_windows(tasks, threads, [&](std::size_t i, Cursor& cursor, std::uint64_t ordinal) {
    Part& part = parts[i];
    if (part.is_done) return;  // before the file's own table turned out to be wrong, from a checkpoint that was right
    part = {};
    PartWriter writer(part, chunks, width_);
    EventMapper mapper(maps.empty() ? nullptr : &maps[owners[i]]);
    visit(cursor, ordinal, tasks[i], [&](ConstEventSpan events) {
      writer.begin(events);
      if (!maps.empty()) writer.note(events);
      mapper.pass(events, [&](ConstEventSpan mapped) { writer.add(mapped); });
      return true;
    });
    part.is_done = true;
    if (!is_alone(owners[i])) return;
    const std::uint64_t count = part.count();
    std::uint64_t first = 0;
    {
      const std::lock_guard lock(mutex);
      first = std::exchange(size_, size_ + count);
      windows_[owners[i]].place = first;
    }
    if ((first + count) * width_ <= out.capacity) writer.move_to(out.memory + first * width_);
  });
  memory_ = std::move(chunks).all();
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (!is_alone(i)) windows_[i].place = size_;
    const std::span<const Part> own(parts.data() + begins[i], begins[i + 1] - begins[i]);
    for (const Part& part : own) size_ += is_alone(i) ? 0 : part.count();
    add_window(i, own);
  }
  if (bytes() <= out.capacity) place(out.memory, threads);
}

void GatheredEvents::add_window(std::size_t index, std::span<const Part> parts) {
  GatheredWindow& window = windows_[index];
  const bool is_packed = width_ != sizeof(Event);
  bool has_events = false;
  for (const Part& part : parts) {
    if (!part.has_events) continue;
    if (!has_events) window = {window.place, 0, part.base, part.first, part.times.latest};
    has_events = true;
    window.latest = std::max(window.latest, part.times.latest);
    is_complete_ &= !is_packed || (part.times.fits(part.base) && part.times.fits(window.base));
    const std::uint64_t later =
        is_packed ? static_cast<std::uint64_t>(part.base) - static_cast<std::uint64_t>(window.base) : 0;
    for (const Span& span : part.spans) {
      pieces_.push_back({span.data, span.count, later, window.place + window.count});
      window.count += span.count;
    }
  }
}

void GatheredEvents::place(std::uint8_t* out, std::size_t threads) const {
  parallel_for(pieces_.size(), threads, [&](std::size_t i) {
    const Piece& piece = pieces_[i];
    std::uint8_t* begin = out + piece.place * width_;
    if (begin == piece.data) return;  // it is there
    if (piece.later == 0) {
      std::memcpy(begin, piece.data, piece.count * width_);
    } else {
      rebase_words(reinterpret_cast<const std::uint64_t*>(piece.data), piece.count, piece.later,
                   reinterpret_cast<std::uint64_t*>(begin));
    }
  });
}

}  // namespace aestream
