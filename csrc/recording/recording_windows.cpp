// Recording: windows side by side, each decoded from the checkpoint before it.
#include <algorithm>
#include <atomic>

#include "core/parallel.hpp"
#include "recording/recording.hpp"

namespace aestream {

std::size_t Recording::accumulate(const std::vector<Window>& windows, const AccumulatorFactory& factory,
                                  std::uint8_t* out, std::size_t threads, std::span<const CoordinateMap> maps) const {
  return with_index(threads, [&](const Index& all) -> std::size_t {
    std::atomic<std::size_t> outside{0};
    for_each_window(windows.size(), factory, threads, [&](std::size_t i, Accumulator& accumulator) {
      const Checkpoint checkpoint = checkpoint_before(windows[i].start, windows[i].by_time, all);
      const auto cursor = source_->open(checkpoint);
      std::uint8_t* tensor = out + i * accumulator.size();
      const CoordinateMap* map = maps.empty() ? nullptr : &maps[i];
      outside += aestream::accumulate(*cursor, checkpoint.ordinal, windows[i], accumulator, tensor, map).outside;
      if (is_large()) forget(checkpoint.offset, cursor->offset());
    });
    return outside;
  });
}

void Recording::visit_windows(const std::vector<Window>& windows, std::size_t threads, const Task& task) const {
  with_index(threads, [&](const Index& all) {
    parallel_for(windows.size(), threads, [&](std::size_t i) {
      const Checkpoint checkpoint = checkpoint_before(windows[i].start, windows[i].by_time, all);
      const auto cursor = source_->open(checkpoint);
      task(i, *cursor, checkpoint.ordinal);
      if (is_large()) forget(checkpoint.offset, cursor->offset());
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
