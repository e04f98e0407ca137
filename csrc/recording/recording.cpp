// Recording: windows become checkpoints plus a little skipping; arrays are filled by threads that each own a segment.
#include "recording/recording.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/parallel.hpp"
#include "recording/stored_index.hpp"

namespace aestream {
namespace {

constexpr std::uint64_t min_segment = std::uint64_t{1} << 12;  // events that one thread decodes at a stretch
constexpr std::size_t by_one_thread = std::size_t{3} << 20;  // bytes of a file that is decoded before others are awake
constexpr std::uint64_t max_segment = std::uint64_t{1} << 17;

}  // namespace

Recording::Recording(std::shared_ptr<const MappedFile> file, std::unique_ptr<const Source> source)
    : file_(std::move(file)), source_(std::move(source)) {}

bool Recording::has_index() const {
  const auto lock = lock_interruptibly(mutex_);
  return index_ != nullptr;
}

const Index& Recording::index(std::size_t threads) const {
  const auto lock = lock_interruptibly(mutex_);
  if (!index_) index_ = guarded([&] { return make_index(threads); });
  return *index_;
}

std::unique_ptr<const Index> Recording::make_index(std::size_t threads) const {
  auto built = std::make_unique<Index>(source_->build_index(threads, true));
  try {
    find_times(*built);
  } catch (const TimeMismatch&) {
    *built = source_->build_index(threads, true);
    find_times(*built);
  }
  return built;
}

const Index& Recording::replace_index(const Index& refuted, std::size_t threads) const {
  const auto lock = lock_interruptibly(mutex_);
  if (index_.get() == &refuted) {
    auto made = make_index(threads);
    refuted_ = std::exchange(index_, std::move(made));
    is_restored_ = false;
  }
  return *index_;
}

void Recording::restore_index(Index index) {
  guarded([&] { verify_index(*source_, index); });
  const auto lock = lock_interruptibly(mutex_);
  if (index_) return;  // another thread was first, and has begun to read by it
  index_ = std::make_unique<const Index>(std::move(index));
  is_restored_ = true;
}

/// t_first and t_max. Bounds are not times: only the stretches whose bound exceeds the latest time found are decoded.
void Recording::find_times(Index& index) const {
  if (index.num_events == 0) return;
  index.t_first = source_->open(index.checkpoints.front())->next()[0].t;
  index.t_max = index.t_first;
  std::uint64_t stop = index.num_events;
  for (std::size_t i = index.checkpoints.size(); i-- > 0;) {
    const Checkpoint& checkpoint = index.checkpoints[i];
    source_->verify(checkpoint);
    const auto cursor = source_->open(checkpoint);
    for (std::uint64_t at = checkpoint.ordinal; at < stop;) {
      const ConstEventSpan events = cursor->next();
      if (events.empty()) break;
      check_interrupt();
      for (const Event& event : events) {
        if (event.t <= index.t_max) continue;
        index.t_max = event.t;
        index.latest_at = i;
      }
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
  if (by_time) source_->verify(*(after - 1));
  return *(after - 1);
}

std::uint64_t Recording::ordinal_of(std::int64_t time, const Index& index) const {
  const Checkpoint checkpoint = checkpoint_before(time, true, index);
  const auto cursor = source_->open(checkpoint);
  std::uint64_t ordinal = checkpoint.ordinal;
  while (true) {
    check_interrupt();
    const ConstEventSpan events = cursor->next();
    const std::size_t before = count_before(events, time);
    ordinal += before;
    if (events.empty() || before < events.size()) return ordinal;
  }
}

std::pair<std::uint64_t, std::uint64_t> Recording::find(const Window& window, const Index& index) const {
  if (window.by_time) {
    const std::uint64_t first = ordinal_of(window.start, index);
    return {first, std::max(first, ordinal_of(window.stop, index))};
  }
  const auto clamp = [&](std::int64_t ordinal) {
    return std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(ordinal, 0)), index.num_events);
  };
  return {clamp(window.start), std::max(clamp(window.start), clamp(window.stop))};
}

std::pair<std::uint64_t, std::uint64_t> Recording::find(const Window& window, std::size_t threads) const {
  return with_index(threads, [&](const Index& all) { return find(window, all); });
}

void Recording::fill(const Index& index, std::uint64_t first, EventSpan out, std::size_t threads) const {
  const std::uint64_t last = first + out.size();
  const std::uint64_t segment =
      std::clamp(out.size() / (4 * std::max<std::size_t>(threads, 1)) + 1, min_segment, max_segment);
  std::vector<std::pair<Checkpoint, std::uint64_t>> segments;  // where decoding starts, first event of the segment
  for (std::uint64_t at = first; at < last;) {
    segments.emplace_back(checkpoint_before(static_cast<std::int64_t>(at), false, index), at);
    const auto goal = static_cast<std::int64_t>(std::min(at + segment, last));
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
    if (out.size() == index.num_events || is_large()) forget(checkpoint.offset, cursor->offset());
  });
}

EventArray Recording::read(std::uint64_t first, std::uint64_t last, const Index& index, std::size_t threads) const {
  const std::uint64_t stop = std::min(last, index.num_events);
  EventArray array;
  array.size = stop - std::min(first, stop);
  array.memory = Buffer(array.size * sizeof(Event));
  fill(index, first, {array.memory.as<Event>(), array.size}, threads);
  return array;
}

EventArray Recording::read(std::uint64_t first, std::uint64_t last, std::size_t threads) const {
  return with_index(threads, [&](const Index& all) { return read(first, last, all, threads); });
}

std::optional<EventArray> Recording::read_as_claimed(std::int64_t start, std::int64_t stop, std::size_t threads) const {
  return guarded([&] { return source_->slice_as_claimed(start, stop, threads); });
}

EventArray Recording::load_with(const Index& index, std::size_t threads) const {
  EventArray array{Buffer(index.num_events * sizeof(Event)), index.num_events, index.cut_bytes};
  fill(index, 0, {array.memory.as<Event>(), array.size}, threads);
  return array;
}

EventArray Recording::load_uncounted() const {
  constexpr std::size_t at_once = std::size_t{1} << 16;  // events
  const auto cursor = source_->open(source_->start());
  const std::uint64_t begin = cursor->offset(), end = file_->bytes().size();
  EventArray array{Buffer(at_once * sizeof(Event)), 0, 0};
  std::uint64_t passed = begin;
  while (true) {
    const std::size_t room = array.memory.size() / sizeof(Event) - array.size, wanted = std::min(room, at_once);
    const std::size_t count = cursor->fill({array.memory.as<Event>() + array.size, wanted});
    array.size += count;
    forget(passed, cursor->offset());
    passed = cursor->offset();
    if (count < wanted) break;
    if (count == room) {  // as many more as there are bytes, and some
      const double per_byte =
          static_cast<double>(array.size) / static_cast<double>(std::max<std::uint64_t>(passed - begin, 1));
      const auto rest = static_cast<std::size_t>(static_cast<double>(end - passed) * per_byte * 1.02);
      array.memory.grow((array.size + rest + at_once) * sizeof(Event));
    }
  }
  array.cut_bytes = cursor->cut_bytes(end);
  return array;
}

EventArray Recording::load(std::size_t threads) const {
  if (has_index()) return with_index(threads, [&](const Index& all) { return load_with(all, threads); });
  return guarded([&] {
    if (auto all = source_->load_as_claimed(threads)) return std::move(*all);
    const bool is_small = file_ && file_->bytes().size() < by_one_thread;
    if ((threads <= 1 || is_small) && source_->must_count()) return load_uncounted();
    return load_with(source_->build_index(threads, false), threads);
  });
}

std::unique_ptr<Cursor> Recording::open(std::int64_t time, std::size_t threads) const {
  const bool whole = time == std::numeric_limits<std::int64_t>::min();
  if (whole) return source_->open(source_->start());
  return with_index(threads, [&](const Index& all) { return source_->open(checkpoint_before(time, true, all)); });
}

bool Recording::is_large() const { return file_ && file_->is_large(); }

void Recording::forget(std::uint64_t first, std::uint64_t last) const {
  if (file_) source_->forget(*file_, first, last);
}

}  // namespace aestream
