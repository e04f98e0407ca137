// Windows of an array: begun where a search finds them in parallel, then checked; an index of the array is the way out.
#include "recording/event_array.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "core/parallel.hpp"
#include "recording/recording.hpp"

namespace aestream {
namespace {

constexpr std::size_t block = 1024;                   // events that a cursor gives at a time: they stay in L1
constexpr std::size_t stride = std::size_t{1} << 16;  // events between checkpoints

class ArrayCursor final : public Cursor {
 public:
  ArrayCursor(ConstEventSpan events, std::size_t at) : events_(events), at_(at) {}

  std::uint64_t offset() const override { return at_ * sizeof(Event); }

 protected:
  ConstEventSpan next_block() override {
    const ConstEventSpan events = events_.subspan(at_, std::min(block, events_.size() - at_));
    at_ += events.size();
    return events;
  }

  std::size_t decode(EventSpan out) override {
    const std::size_t count = std::min(out.size(), events_.size() - at_);
    std::copy_n(events_.data() + at_, count, out.data());
    at_ += count;
    return count;
  }

 private:
  ConstEventSpan events_;
  std::size_t at_;
};

ConstEventSpan part(ConstEventSpan events, const Window& ordinals) {
  const auto size = std::ssize(events);
  const std::int64_t start = std::clamp<std::int64_t>(ordinals.start, 0, size);
  const std::int64_t stop = std::clamp<std::int64_t>(ordinals.stop, start, size);
  return events.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(stop - start));
}

/// The ordinal of the window's first event, if times do not step back over its start.
std::size_t guess_start(ConstEventSpan events, const Window& window) {
  const auto first =
      std::partition_point(events.begin(), events.end(), [&](const Event& event) { return event.t < window.start; });
  return static_cast<std::size_t>(first - events.begin());
}

/// Whether each window begins where or after the one before it ends.
bool follow_each_other(const std::vector<Window>& windows) {
  return std::ranges::adjacent_find(windows, [](const Window& before, const Window& after) {
           return after.start < std::max(before.start, before.stop);
         }) == windows.end();
}

/// Whether every event before a window's start is before the window in time: most were seen to be, by the windows before
/// it; the events between windows are looked at here.
bool are_right(ConstEventSpan events, const std::vector<Window>& windows, const std::vector<std::size_t>& starts,
               const std::vector<std::size_t>& stops) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < windows.size(); ++i) {  // all events before `seen` are before this window
    if (seen < starts[i]) {
      const ConstEventSpan unseen = events.subspan(seen, starts[i] - seen);
      if (count_before(unseen, windows[i].start) != unseen.size()) return false;
    }
    seen = stops[i];
  }
  return true;
}

constexpr std::size_t large = std::size_t{4} << 20;  // bytes: clearing them takes longer than waking a thread

void clear(std::uint8_t* out, std::size_t size, std::size_t threads) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  parallel_for((size + piece - 1) / piece, threads,
               [&](std::size_t i) { std::memset(out + i * piece, 0, std::min(piece, size - i * piece)); });
}

}  // namespace

std::unique_ptr<Cursor> ArraySource::open(const Checkpoint& checkpoint) const {
  return std::make_unique<ArrayCursor>(events_, checkpoint.ordinal);
}

Index ArraySource::build_index(std::size_t threads, bool) const {
  Index index;
  index.num_events = events_.size();
  index.checkpoints.resize(events_.size() / stride + 1);
  index.checkpoints[0] = start();
  parallel_for(index.checkpoints.size() - 1, threads, [&](std::size_t i) {
    std::int64_t latest = no_time;
    for (const Event& event : events_.subspan(i * stride, stride)) latest = std::max(latest, event.t);
    index.checkpoints[i + 1] = {(i + 1) * stride * sizeof(Event), (i + 1) * stride, latest, {}};
  });
  for (std::size_t i = 1; i < index.checkpoints.size(); ++i) {
    std::int64_t& bound = index.checkpoints[i].time_bound;
    bound = std::max(bound, index.checkpoints[i - 1].time_bound);
  }
  index.has_times = true;
  return index;
}

std::size_t accumulate(ConstEventSpan events, const std::vector<Window>& windows, const AccumulatorFactory& factory,
                       std::uint8_t* out, std::size_t threads) {
  const bool by_time = !windows.empty() && windows.front().by_time;
  std::vector<std::size_t> starts(windows.size()), stops(windows.size());
  std::atomic<std::size_t> outside{0};
  const auto accumulate_one = [&](std::size_t i, Accumulator& accumulator) {
    std::uint8_t* tensor = out + i * accumulator.size();
    if (!by_time) {
      outside += accumulate_all(part(events, windows[i]), {}, {}, accumulator, tensor, 1);
      return;
    }
    starts[i] = guess_start(events, windows[i]);
    ArrayCursor cursor(events, starts[i]);
    const Accumulated result = accumulate(cursor, starts[i], windows[i], accumulator, tensor);
    stops[i] = result.stop;
    outside += result.outside;
  };
  if (!by_time || follow_each_other(windows)) {
    for_each_window(windows.size(), factory, threads, accumulate_one);
    if (!by_time || are_right(events, windows, starts, stops)) return outside;
  }
  return Recording(nullptr, std::make_unique<ArraySource>(events)).accumulate(windows, factory, out, threads);
}

std::size_t accumulate_all(ConstEventSpan events, std::optional<std::int64_t> start_us,
                           std::optional<std::int64_t> stop_us, Accumulator& accumulator, std::uint8_t* out,
                           std::size_t threads) {
  const bool is_zeroed = threads > 1 && accumulator.size() >= large && accumulator.starts_from_zeros();
  if (is_zeroed) clear(out, accumulator.size(), threads);
  if (!start_us && !stop_us) return accumulate_span(events, nullptr, accumulator, out, is_zeroed);
  TimeSpan window;
  if (!start_us || !stop_us) window = times_of(events);
  window = {start_us.value_or(window.start), stop_us.value_or(window.stop)};
  if (window.stop <= window.start) events = {};  // an empty window holds no event
  return accumulate_span(events, &window, accumulator, out, is_zeroed);
}

}  // namespace aestream
