// A recording as a live source.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/own_thread.hpp"
#include "recording/recording.hpp"
#include "stream/event_sink.hpp"

namespace aestream {

/// Plays a recording into a sink from a thread of its own: as fast as it was recorded, or as it can be
/// decoded and there is room.
class Replay {
 public:
  Replay(std::shared_ptr<const Recording> recording, std::shared_ptr<EventSink> sink, Window window, bool real_time);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  ~Replay() { stop(); }

  /// Ends the playback; what was played stays in the sink.
  void stop();

 private:
  using Clock = EventSink::Clock;

  void play();
  void play_in_time(ConstEventSpan events);
  void push_with_room(ConstEventSpan events);
  bool wait_until(Clock::time_point due);

  std::shared_ptr<const Recording> recording_;
  std::shared_ptr<EventSink> sink_;
  Window window_;
  bool real_time_;
  Clock::time_point begin_{};
  std::int64_t latest_ = no_time;
  std::int64_t first_ = no_time;

  std::mutex mutex_;
  std::condition_variable stopped_;
  std::atomic<bool> stop_{false};
  OwnThread thread_;  // last: it uses everything above
};

}  // namespace aestream
