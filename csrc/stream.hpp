// The core of every live source: a frame that a producer adds events to while a consumer takes it away, and counters.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "accumulate/accumulator.hpp"
#include "core/buffer_pool.hpp"
#include "recording.hpp"

namespace aestream {

/// Every event that a source gave is in exactly one of these or in a frame.
struct StreamCounts {
  std::uint64_t received = 0;       // events, drawn or not
  std::uint64_t out_of_bounds = 0;  // outside the sensor
  std::uint64_t pending = 0;        // drawn since the last take()
  double seconds = 0;               // from the first event to the latest
};

/// Counts per pixel since the last take(), float32 [width, height], x first. One producer and one consumer at a time.
class FrameBuffer {
 public:
  explicit FrameBuffer(Geometry geometry);

  void add(ConstEventSpan events);

  /// The frame so far, which the caller owns; the producer goes on in a fresh one. Neither waits for more than a block.
  Buffer take();

  StreamCounts counts() const;

 private:
  Buffer fresh() const;

  Geometry geometry_;
  mutable std::mutex mutex_;
  Buffer frame_;
  StreamCounts counts_;
  std::chrono::steady_clock::time_point first_;
};

/// Plays a recording into a FrameBuffer from a thread of its own: as fast as it was recorded, or as it can be decoded.
class Replay {
 public:
  Replay(std::shared_ptr<const Recording> recording, Window window, Geometry geometry, bool real_time);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  ~Replay();

  /// Throws what stopped the recording, once everything before it was taken.
  Buffer take();

  /// Whether there is, or may come, something to take.
  bool is_streaming() const;

  StreamCounts counts() const { return frame_.counts(); }

  /// Ends the playback; what was played stays to be taken.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  void play();
  void play_in_time(ConstEventSpan events);
  bool wait_until(Clock::time_point due);

  std::shared_ptr<const Recording> recording_;
  Window window_;
  bool real_time_;
  FrameBuffer frame_;
  Clock::time_point begin_{};
  std::int64_t latest_ = no_time;
  std::int64_t first_ = no_time;

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  bool finished_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace aestream
