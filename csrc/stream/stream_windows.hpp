// The consumer's side of a queue: windows cut out of a stream by its own clock, or by count.
#pragma once

#include <memory>
#include <optional>

#include "stream/event_sink.hpp"
#include "stream/window_builder.hpp"

namespace aestream {

/// Window i is [t + i * length, t + (i + 1) * length), t the first event's time. An event belongs to the window that holds
/// the latest time so far, as in a file; a window without events is one, too. An event that comes 1000 windows or more
/// after the latest one, or more than a second before its start, is from a clock that was set anew: windows begin anew
/// with it.
class StreamWindows {
 public:
  /// `length` is in microseconds or, by count, in events. Items are made by `accumulator`, or are events if it is null.
  StreamWindows(std::shared_ptr<EventSink> sink, bool by_time, std::int64_t length,
                std::unique_ptr<Accumulator> accumulator);

  /// Waits for the next window until `deadline`. When the stream has ended, or no event came for `patience`, the
  /// last window is what there is of it, if anything, and `ended()` holds. Throws what the stream ended with, instead of
  /// nothing.
  std::optional<StreamItem> next(EventSink::Clock::time_point deadline, EventSink::Clock::duration patience);

  bool ended() const { return ended_; }

  /// Ends windows: events that are in none yet go back to the sink, those of an unfinished one are dropped, and counted.
  void abandon();

 private:
  bool cut();
  std::size_t count_inside(ConstEventSpan events) const;
  void begin_grid(std::int64_t start);
  void follow(std::int64_t time);
  StreamItem finish();
  EventSink::Wanted wanted() const;
  std::int64_t after(std::int64_t start) const;

  std::shared_ptr<EventSink> sink_;
  bool by_time_;
  std::int64_t length_;
  std::unique_ptr<WindowBuilder> builder_;

  EventBlock block_;          // popped; its first events are those that are in no window yet
  bool has_grid_ = false;     // [start_, stop_) is the latest window
  bool is_building_ = false;  // and has begun
  std::int64_t start_ = 0;
  std::int64_t stop_ = 0;
  std::size_t held_ = 0;  // events of the unfinished window
  bool ended_ = false;
};

}  // namespace aestream
