// Recording: windows become checkpoints plus a little skipping; arrays are filled by threads that each own a segment.
#include "recording.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::uint64_t segment_events = std::uint64_t{1} << 17;      // that one thread decodes at a stretch
constexpr std::size_t keep_mapped = std::size_t{32} << 20;            // larger files give their pages back window by window

/// The first event of the block that is not before `time`.
std::size_t first_not_before(ConstEventSpan events, std::int64_t time) {
  std::size_t i = 0;
  while (i < events.size() && events[i].t < time) ++i;
  return i;
}

}  // namespace

Recording::Recording(std::shared_ptr<const MappedFile> file, std::unique_ptr<const Source> source)
    : file_(std::move(file)), source_(std::move(source)) {}

bool Recording::has_index() const {
  const std::lock_guard lock(mutex_);
  return index_ != nullptr;
}

const Index& Recording::index(std::size_t threads) const {
  const std::lock_guard lock(mutex_);
  if (!index_) {
    auto built = std::make_unique<Index>(source_->build_index(threads, true));
    find_times(*built);
    index_ = std::move(built);
  }
  return *index_;
}

void Recording::restore_index(Index index) {
  const std::lock_guard lock(mutex_);
  index_ = std::make_unique<const Index>(std::move(index));
}

/// t_first and t_max. Bounds are not times: only the stretches whose bound exceeds the latest time found are decoded.
void Recording::find_times(Index& index) const {
  if (index.num_events == 0) return;
  index.t_first = source_->open(index.checkpoints.front())->next()[0].t;
  index.t_max = index.t_first;
  std::uint64_t stop = index.num_events;
  for (std::size_t i = index.checkpoints.size(); i-- > 0;) {
    const Checkpoint& checkpoint = index.checkpoints[i];
    const auto cursor = source_->open(checkpoint);
    for (std::uint64_t at = checkpoint.ordinal; at < stop;) {
      const ConstEventSpan events = cursor->next();
      if (events.empty()) break;
      for (const Event& event : events) index.t_max = std::max(index.t_max, event.t);
      at += events.size();
    }
    stop = checkpoint.ordinal;
    if (checkpoint.time_bound <= index.t_max) break;
  }
}

Checkpoint Recording::checkpoint_before(std::int64_t start, bool by_time, const Index& index) const {
  const auto& all = index.checkpoints;
  const auto after = std::partition_point(all.begin() + 1, all.end(), [&](const Checkpoint& checkpoint) {
    return by_time ? checkpoint.time_bound < start : static_cast<std::int64_t>(checkpoint.ordinal) <= start;
  });
  return *(after - 1);
}

std::uint64_t Recording::ordinal_of(std::int64_t time, const Index& index) const {
  const Checkpoint checkpoint = checkpoint_before(time, true, index);
  const auto cursor = source_->open(checkpoint);
  std::uint64_t ordinal = checkpoint.ordinal;
  while (true) {
    const ConstEventSpan events = cursor->next();
    const std::size_t before = first_not_before(events, time);
    ordinal += before;
    if (events.empty() || before < events.size()) return ordinal;
  }
}

std::pair<std::uint64_t, std::uint64_t> Recording::find(const Window& window, std::size_t threads) const {
  const Index& all = index(threads);
  if (window.by_time) {
    const std::uint64_t first = ordinal_of(window.start, all);
    return {first, std::max(first, ordinal_of(window.stop, all))};
  }
  const auto clamp = [&](std::int64_t ordinal) {
    return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(ordinal, 0)), all.num_events);
  };
  return {clamp(window.start), std::max(clamp(window.start), clamp(window.stop))};
}

void Recording::fill(const Index& index, std::uint64_t first, EventSpan out, std::size_t threads) const {
  const std::uint64_t last = first + out.size();
  std::vector<std::pair<Checkpoint, std::uint64_t>> segments;  // where decoding starts, first event of the segment
  for (std::uint64_t at = first; at < last;) {
    segments.emplace_back(checkpoint_before(static_cast<std::int64_t>(at), false, index), at);
    const auto goal = static_cast<std::int64_t>(std::min(at + segment_events, last));
    const std::uint64_t boundary = checkpoint_before(goal, false, index).ordinal;
    at = boundary > at && static_cast<std::uint64_t>(goal) < last ? boundary : static_cast<std::uint64_t>(goal);
  }
  parallel_for(segments.size(), threads, [&](std::size_t i) {
    const auto& [checkpoint, start] = segments[i];
    const std::uint64_t stop = i + 1 < segments.size() ? segments[i + 1].second : last;
    const auto cursor = source_->open(checkpoint);
    cursor->skip(start - checkpoint.ordinal);
    const std::size_t count = cursor->fill(out.subspan(start - first, stop - start));
    if (count != stop - start) {
      throw CountMismatch(checkpoint.offset, "expected " + std::to_string(stop - start) + " events, found " +
                                                 std::to_string(count) + ": the file differs from its index");
    }
    file_->forget(checkpoint.offset, cursor->offset());
  });
}

EventArray Recording::read(std::uint64_t first, std::uint64_t last, std::size_t threads) const {
  const Index& all = index(threads);
  last = std::min(last, all.num_events);
  EventArray array;
  array.size = last - std::min(first, last);
  array.memory = Buffer(array.size * sizeof(Event));
  fill(all, first, {array.memory.as<Event>(), array.size}, threads);
  return array;
}

EventArray Recording::load_with(const Index& index, std::size_t threads) const {
  EventArray array{Buffer(index.num_events * sizeof(Event)), index.num_events};
  fill(index, 0, {array.memory.as<Event>(), array.size}, threads);
  return array;
}

EventArray Recording::load(std::size_t threads) const {
  if (has_index()) return load_with(index(threads), threads);
  try {
    return load_with(source_->build_index(threads, false), threads);
  } catch (const CountMismatch&) {
    return load_with(index(threads), threads);
  }
}

void Recording::visit(const Window& window, const Index& index,
                      const std::function<void(ConstEventSpan)>& consume) const {
  const Checkpoint checkpoint = checkpoint_before(window.start, window.by_time, index);
  const auto cursor = source_->open(checkpoint);
  std::uint64_t left = UINT64_MAX;
  if (!window.by_time) {
    const auto start = static_cast<std::uint64_t>(std::max<std::int64_t>(window.start, 0));
    left = static_cast<std::uint64_t>(std::max(window.stop, window.start)) - start;
    cursor->skip(start - checkpoint.ordinal);
  }
  bool started = !window.by_time;
  while (left > 0) {
    ConstEventSpan events = cursor->next();
    if (events.empty()) break;
    if (!started) {
      events = events.subspan(first_not_before(events, window.start));
      started = !events.empty();
    }
    const std::size_t count =
        window.by_time ? first_not_before(events, window.stop) : std::min<std::uint64_t>(events.size(), left);
    if (count > 0) consume(events.first(count));
    if (!window.by_time) left -= count;
    if (count < events.size()) break;
  }
  if (file_->bytes().size() > keep_mapped) file_->forget(checkpoint.offset, cursor->offset());
}

std::size_t Recording::accumulate_one(const Window& window, const Index& index, Accumulator& accumulator,
                                      std::uint8_t* out) const {
  if (window.by_time || !accumulator.needs_times()) {
    accumulator.begin(out, window.start, window.stop);
    visit(window, index, [&](ConstEventSpan events) { accumulator.consume(events); });
    return accumulator.finish();
  }
  std::vector<Event> events;  // a window by count has no times of its own: from its first event to after its latest
  visit(window, index, [&](ConstEventSpan block) { events.insert(events.end(), block.begin(), block.end()); });
  std::int64_t start = events.empty() ? 0 : events.front().t, latest = start;
  for (const Event& event : events) latest = std::max(latest, event.t);
  accumulator.begin(out, start, latest + 1);
  accumulator.consume(events);
  return accumulator.finish();
}

std::size_t Recording::accumulate(const std::vector<Window>& windows, const AccumulatorFactory& factory,
                                  std::uint8_t* out, std::size_t threads) const {
  const Index& all = index(threads);
  const std::size_t workers = std::min(std::max<std::size_t>(threads, 1), windows.size());
  std::atomic<std::size_t> next{0}, outside{0};
  parallel_for(workers, workers, [&](std::size_t) {
    const auto accumulator = factory();
    for (std::size_t i = next++; i < windows.size(); i = next++) {
      outside += accumulate_one(windows[i], all, *accumulator, out + i * accumulator->size());
    }
  });
  return outside;
}

}  // namespace aestream
