// Recording: windows side by side, each decoded from the checkpoint before it.
#include <algorithm>
#include <atomic>
#include <utility>

#include "core/parallel.hpp"
#include "recording/recording.hpp"

namespace aestream {
namespace {

/// A cursor of a large file, which lets go what it has passed: a window may be all of the file.
class ForgettingCursor final : public Cursor {
 public:
  ForgettingCursor(std::unique_ptr<Cursor> cursor, const Source& source, const MappedFile& file)
      : cursor_(std::move(cursor)), source_(source), file_(file), kept_(cursor_->offset()) {}
  ForgettingCursor(const ForgettingCursor&) = delete;
  ForgettingCursor& operator=(const ForgettingCursor&) = delete;
  ~ForgettingCursor() override { source_.forget(file_, kept_, cursor_->offset()); }

  std::uint64_t offset() const override { return cursor_->offset(); }

 protected:
  ConstEventSpan next_block() override {
    forget();
    return cursor_->next();
  }

  std::size_t decode(EventSpan out) override {
    forget();
    return cursor_->fill(out);
  }

 private:
  void forget() {
    if (cursor_->offset() - kept_ < at_a_time) return;
    source_.forget(file_, kept_, cursor_->offset());
    kept_ = cursor_->offset();
  }

  static constexpr std::uint64_t at_a_time = std::uint64_t{8} << 20;

  std::unique_ptr<Cursor> cursor_;
  const Source& source_;
  const MappedFile& file_;
  std::uint64_t kept_;
};

}  // namespace

std::unique_ptr<Cursor> Recording::open_window(const Checkpoint& checkpoint) const {
  auto cursor = source_->open(checkpoint);
  if (!is_large()) return cursor;
  return std::make_unique<ForgettingCursor>(std::move(cursor), *source_, *file_);
}

std::size_t Recording::accumulate(const Window& window, const Index& index, Accumulator& accumulator, std::uint8_t* out,
                                  const CoordinateMap* map) const {
  const Checkpoint checkpoint = checkpoint_before(window.start, window.by_time, index);
  const auto open = [&] { return open_window(checkpoint); };
  return aestream::accumulate(*open(), checkpoint.ordinal, window, accumulator, out, map, open).outside;
}

std::size_t Recording::accumulate(const std::vector<Window>& windows, const AccumulatorFactory& factory,
                                  std::uint8_t* out, std::size_t threads, std::span<const CoordinateMap> maps) const {
  return with_index(threads, [&](const Index& all) -> std::size_t {
    std::atomic<std::size_t> outside{0};
    for_each_window(windows.size(), factory, threads, [&](std::size_t i, Accumulator& accumulator) {
      const CoordinateMap* map = maps.empty() ? nullptr : &maps[i];
      outside += accumulate(windows[i], all, accumulator, out + i * accumulator.size(), map);
    });
    return outside;
  });
}

std::size_t accumulate_each(std::span<const std::shared_ptr<Recording>> recordings, std::span<const Window> windows,
                            const AccumulatorFactory& factory, std::uint8_t* out, std::size_t threads,
                            std::span<const CoordinateMap> maps) {
  std::atomic<std::size_t> outside{0};
  for_each_window(windows.size(), factory, threads, [&](std::size_t i, Accumulator& accumulator) {
    const Recording& recording = *recordings[i];
    const CoordinateMap* map = maps.empty() ? nullptr : &maps[i];
    outside += recording.with_index(1, [&](const Index& all) {
      return recording.accumulate(windows[i], all, accumulator, out + i * accumulator.size(), map);
    });
  });
  return outside;
}

void Recording::visit_windows(const std::vector<Window>& windows, std::size_t threads, const Task& task) const {
  with_index(threads, [&](const Index& all) {
    parallel_for(windows.size(), threads, [&](std::size_t i) {
      const Checkpoint checkpoint = checkpoint_before(windows[i].start, windows[i].by_time, all);
      task(i, *open_window(checkpoint), checkpoint.ordinal);
    });
  });
}

std::vector<Window> Recording::parts_of(const Window& window, std::uint64_t events, std::size_t threads) const {
  const Index& all = index(threads);
  const Checkpoint before = checkpoint_before(window.start, window.by_time, all);
  std::vector<Window> parts;
  std::int64_t start = window.start;
  std::uint64_t first = window.by_time ? before.ordinal : static_cast<std::uint64_t>(std::max<std::int64_t>(start, 0));
  const auto later = std::ranges::upper_bound(all.checkpoints, before.ordinal, {}, &Checkpoint::ordinal);
  for (auto checkpoint = later; checkpoint != all.checkpoints.end(); ++checkpoint) {
    // No event before a checkpoint is at or after the time behind its bound.
    const std::int64_t edge =
        window.by_time ? checkpoint->time_bound : static_cast<std::int64_t>(checkpoint->ordinal) - 1;
    if (edge >= window.stop || edge + 1 >= window.stop) break;
    if (edge < start || checkpoint->ordinal < first + events) continue;
    parts.push_back({start, edge + 1, window.by_time});
    start = edge + 1;
    first = checkpoint->ordinal;
  }
  parts.push_back({start, window.stop, window.by_time});
  return parts;
}

}  // namespace aestream
