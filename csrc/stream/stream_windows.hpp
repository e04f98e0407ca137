// The consumer's side of a queue: windows cut out of a stream by its own clock, or by count.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "stream/event_sink.hpp"
#include "stream/window_builder.hpp"
#include "stream/window_cutter.hpp"

namespace aestream {

/// What becomes of windows that were complete before somebody wanted one: each waits for its turn; those up to where
/// windows begin anew become one; or all but the newest are dropped, and counted.
enum class Late { Queue, Merge, Latest };

/// Items from the windows that a WindowCutter finds.
class StreamWindows {
 public:
  /// Items are made by `accumulator`, or are events if it is null.
  StreamWindows(std::shared_ptr<EventSink> sink, const WindowRule& rule, Late late,
                std::unique_ptr<Accumulator> accumulator);

  /// Waits for the next window until `deadline`. When the stream has ended, or no event came for `patience`, the
  /// last window is what there is of it, if anything, and `ended()` holds. Throws what the stream ended with, instead of
  /// nothing.
  std::optional<StreamItem> next(EventSink::Clock::time_point deadline, EventSink::Clock::duration patience);

  bool ended() const { return ended_; }

  /// Ends windows: events that are in none yet go back to the sink, those of an unfinished one are dropped, and counted.
  void abandon();

 private:
  bool build();
  void open();
  void choose();
  std::size_t count_complete();
  void drop_windows(std::size_t count);
  void consume(std::size_t events);
  StreamItem finish();
  EventSink::Wanted wanted() const;
  EventSink::Clock::time_point silence_ends(EventSink::Clock::time_point latest) const;

  std::shared_ptr<EventSink> sink_;
  WindowRule rule_;
  Late late_;
  std::unique_ptr<WindowBuilder> builder_;

  std::deque<EventBlock> blocks_;  // popped; their events are those that are in no window yet
  WindowCutter cutter_;
  std::size_t joined_ = 1;   // complete windows that become the next item
  TimeSpan joined_times_{};  // of them all
  bool ended_ = false;
};

}  // namespace aestream
