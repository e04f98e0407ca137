// Building while events come; a look ahead where the reader is late and may not take one window after the other.
#include "stream/stream_windows.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace aestream {

StreamWindows::StreamWindows(std::shared_ptr<EventSink> sink, const WindowRule& rule, Late late,
                             std::unique_ptr<Accumulator> accumulator)
    : sink_(std::move(sink)),
      rule_(rule),
      late_(late),
      builder_(make_window_builder(std::move(accumulator), rule.by_time, sink_->capacity())),
      cutter_(rule) {
  sink_->keep_newest(late_ != Late::Queue);
}

/// The first `events` of the first block are in a window, or dropped.
void StreamWindows::consume(std::size_t events) {
  blocks_.front().first += events;
  if (blocks_.front().events().empty()) blocks_.pop_front();
}

/// How many windows are complete with what has come, before windows begin anew unless only the newest is wanted. If
/// they are to be joined, `joined_times_` are theirs.
std::size_t StreamWindows::count_complete() {
  std::size_t held = 0;
  for (const EventBlock& block : blocks_) held += block.events().size();
  if (held < sink_->capacity()) {
    std::deque<EventBlock> queued = sink_->pop_all();
    std::move(queued.begin(), queued.end(), std::back_inserter(blocks_));
  }
  WindowCutter ahead = cutter_;
  std::size_t count = 0;
  for (const EventBlock& block : blocks_) {
    for (std::size_t index = block.first; index < block.last;) {
      if (!ahead.is_open()) {
        const bool is_anew = ahead.open(block, index);
        if (is_anew && count > 0 && late_ == Late::Merge) return count;
        if (count == 0) joined_times_.start = ahead.times().start;
      }
      const WindowCutter::Piece piece = ahead.take(block, index);
      index += piece.events;
      if (piece.is_complete) {
        ++count;
        joined_times_.stop = ahead.times().stop;
      }
    }
  }
  return count;
}

void StreamWindows::drop_windows(std::size_t count) {
  std::size_t dropped = 0;
  while (count > 0) {
    if (!cutter_.is_open()) cutter_.open(blocks_.front(), blocks_.front().first);
    const WindowCutter::Piece piece = cutter_.take(blocks_.front(), blocks_.front().first);
    dropped += piece.events;
    consume(piece.events);
    if (piece.is_complete) --count;
  }
  if (dropped > 0) sink_->settle(0, 0, dropped);
}

/// Which of the windows that wait become the next item.
void StreamWindows::choose() {
  joined_ = 1;
  if (late_ == Late::Queue) return;
  const std::size_t complete = count_complete();
  if (complete < 2) return;
  if (late_ == Late::Merge) {
    joined_ = complete;
  } else {
    drop_windows(complete - 1);
  }
}

/// Begins an item with the first event that there is.
void StreamWindows::open() {
  choose();
  cutter_.open(blocks_.front(), blocks_.front().first);
  builder_->begin(joined_ > 1 ? joined_times_ : cutter_.times());
}

/// Adds what there is to windows. Returns true when an item is complete.
bool StreamWindows::build() {
  while (!blocks_.empty()) {
    if (!cutter_.is_open()) open();
    EventBlock& block = blocks_.front();
    const WindowCutter::Piece piece = cutter_.take(block, block.first);
    builder_->add(block.events().first(piece.events));
    consume(piece.events);
    if (piece.is_complete) {
      if (joined_ == 1) return true;
      --joined_;
      cutter_.open(blocks_.front(), blocks_.front().first);
    }
  }
  return false;
}

StreamItem StreamWindows::finish() {
  StreamItem item = builder_->finish();
  const bool has_events = item.events + item.outside + item.dropped > 0;
  const bool is_followed = !blocks_.empty();  // by the event that ended the window
  const auto latest =
      has_events || !is_followed ? cutter_.latest_arrival() : blocks_.front().arrival(blocks_.front().first).last;
  sink_->settle(item.events, item.outside, item.dropped);
  sink_->count_age(EventSink::Clock::now() - latest);
  return item;
}

EventSink::Wanted StreamWindows::wanted() const {
  EventSink::Wanted wanted;
  wanted.count = std::clamp<std::size_t>(sink_->capacity() / 2, 1, wanted.count);
  if (rule_.by_time && cutter_.is_open()) {
    wanted.time = cutter_.times().stop;
  } else if (!rule_.by_time) {
    wanted.time = std::numeric_limits<std::int64_t>::max();
    const std::size_t held = cutter_.is_open() ? cutter_.held() : 0;
    wanted.count = std::min(wanted.count, static_cast<std::size_t>(rule_.length) - held);
  }
  return wanted;
}

/// When the window that is open is complete because nothing has come since `latest`.
EventSink::Clock::time_point StreamWindows::silence_ends(EventSink::Clock::time_point latest) const {
  return rule_.gap && rule_.has_arrivals && cutter_.is_open() ? latest + *rule_.gap
                                                              : EventSink::Clock::time_point::max();
}

std::optional<StreamItem> StreamWindows::next(EventSink::Clock::time_point deadline,
                                              EventSink::Clock::duration patience) {
  ended_ = false;
  auto latest = EventSink::Clock::time_point::min();
  while (!build()) {
    latest = std::max(latest, cutter_.latest_arrival());
    EventSink::Popped popped = sink_->pop(wanted(), std::min(deadline, silence_ends(latest)));
    latest = std::max(latest, popped.latest);
    if (!popped.block.events().empty()) {
      blocks_.push_back(std::move(popped.block));
      continue;
    }
    const auto now = EventSink::Clock::now();
    if (popped.ended || now - popped.latest >= patience) {
      ended_ = true;
      const bool is_open = cutter_.is_open();
      cutter_.restart();
      if (is_open) return finish();
      sink_->rethrow();
      return std::nullopt;
    }
    if (now >= silence_ends(latest)) {
      cutter_.restart();
      return finish();
    }
    if (now >= deadline) return std::nullopt;
  }
  return finish();
}

void StreamWindows::abandon() {
  for (; !blocks_.empty(); blocks_.pop_back()) sink_->push_front(std::move(blocks_.back()));
  if (cutter_.is_open() && cutter_.held() > 0) sink_->settle(0, 0, cutter_.held());
  cutter_.restart();
}

}  // namespace aestream
