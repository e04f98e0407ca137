// Which window each event of a stream belongs to: the rule of recording/window, where the end is not known.
#pragma once

#include <cstdint>
#include <optional>

#include "accumulate/accumulator.hpp"
#include "stream/event_queue.hpp"

namespace aestream {

/// How a stream is cut into windows.
struct WindowRule {
  bool by_time = true;
  std::int64_t length = 1;                                 // microseconds or, by count, events
  std::optional<std::int64_t> align;                       // windows of time begin at multiples of the length from here
  std::optional<std::int64_t> start;                       // the very first window of time begins here
  bool has_arrivals = true;                                // when events come in tells of silence, too
  std::optional<std::chrono::steady_clock::duration> gap;  // a silence that windows begin anew after
};

/// The latest of events since windows began anew: by their times, and when they came.
struct Latest {
  bool is_known = false;
  std::int64_t time = 0;
  Arrival::Time arrived{};

  void add(std::int64_t event_time, Arrival::Time came);
};

/// Window i is [t + i * length, t + (i + 1) * length), t the first event's time, or the multiple of the length before
/// it. An event belongs to the window that holds the latest time so far, as in a file; a window without events is one,
/// too. An event that comes 1000 windows or more after the latest one, or more than a second before its start, is from a
/// clock that was set anew: windows begin anew with it. With a gap they do so, too, by count as well, where no event came
/// for as long, by the events' times or when they came in, or where a time is more than a second before the latest.
///
/// A copy looks ahead.
class WindowCutter {
 public:
  explicit WindowCutter(const WindowRule& rule) : rule_(rule) {}

  /// Begins the next window, with the event at `index` of the block. Returns whether windows begin anew.
  bool open(const EventBlock& block, std::size_t index);

  struct Piece {
    std::size_t events = 0;
    bool is_complete = false;
  };
  /// How many of the block's events, from `index` on, belong to the window that is open; closes it when it is complete.
  Piece take(const EventBlock& block, std::size_t index);

  /// Ends the window that is open, if one is; the next one begins anew.
  void restart();

  bool is_open() const { return is_open_; }
  TimeSpan times() const { return {start_, stop_}; }                // of the latest window of time
  std::size_t held() const { return held_; }                        // events of the window that is open
  Arrival::Time latest_arrival() const { return latest_.arrived; }  // of the events so far

 private:
  void begin_grid(std::int64_t start);
  bool follow(std::int64_t time);
  bool is_after_gap(std::int64_t time, Arrival::Time arrived) const;
  std::size_t count_inside(ConstEventSpan events) const;
  std::size_t pass_before_gap(const EventBlock& block, std::size_t index, std::size_t count);
  std::int64_t aligned(std::int64_t time) const;

  WindowRule rule_;
  bool has_grid_ = false;  // [start_, stop_) is the latest window
  bool is_open_ = false;   // and more may come into it
  std::int64_t start_ = 0, stop_ = 0;
  std::size_t held_ = 0;
  Latest latest_;
};

}  // namespace aestream
