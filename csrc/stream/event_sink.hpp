// Where every live source puts its events: a frame that read() takes away or a queue that windows are cut from, and counts.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>

#include "stream/event_queue.hpp"
#include "stream/frame_buffer.hpp"
#include "stream/item_ages.hpp"

namespace aestream {

/// received = delivered + pending + out_of_bounds + dropped, whenever one looks.
struct StreamCounts {
  std::uint64_t received = 0;       // events that the producer pushed
  std::uint64_t delivered = 0;      // handed to the consumer
  std::uint64_t pending = 0;        // in the frame, the queue or an unfinished window
  std::uint64_t out_of_bounds = 0;  // outside the sensor, and so in no frame or tensor
  std::uint64_t dropped = 0;        // no room for them
  std::uint64_t packets = 0;        // datagrams, messages, buffers of a camera
  std::uint64_t malformed = 0;      // packets with bytes that are no events
  std::uint64_t kernel_drops = 0;   // packets that the system lost before we saw them
  double seconds = 0;               // from the first event to the latest
  double age_median_us = 0;         // of the latest items, when they were handed out; 0 before the first one
  double age_p99_us = 0;
};

/// One producer and one consumer at a time. The lock is held for a block of events or a swap, so neither waits long.
///
/// The consumer decides by what it calls: take() collects events in a frame, pop() in the queue. Until then they are
/// queued. What a full queue cannot hold goes into the frame while the consumer has not decided, so that take() has lost
/// nothing; once it pops, events that find no room are dropped, the newest ones, or the oldest if they are to be kept.
class EventSink {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Mode { Undecided, Frames, Queue };

  static constexpr std::size_t default_capacity = std::size_t{1} << 22;  // events: 64 MiB

  explicit EventSink(Geometry geometry, Mode mode = Mode::Undecided, std::size_t capacity = default_capacity);
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;

  // The producer's side.

  void push(ConstEventSpan events);
  /// Whether so many events would be lost to a full queue; a producer that can wait does.
  bool is_full_for(std::size_t events) const;
  void count_packets(std::uint64_t packets, std::uint64_t malformed);
  void count_kernel_drops(std::uint64_t packets);
  /// No more events come. `error` is thrown at the consumer, once, after everything before it was delivered.
  void close(std::exception_ptr error = nullptr);

  // The consumer's side.

  /// Events per pixel since the last take(), float32 [width, height], x first; the caller owns it.
  Buffer take();

  /// Whether there is, or may come, something to deliver.
  bool is_streaming() const;

  /// What pop() waits for: an event that is not before `time`, or this many events.
  struct Wanted {
    std::int64_t time = std::numeric_limits<std::int64_t>::min();
    std::size_t count = 16 * EventBlock::room;
  };
  struct Popped {
    EventBlock block;          // empty if nothing came
    bool ended = false;        // nothing will come any more
    Clock::time_point latest;  // when the latest event came, or the sink was made
  };
  /// The oldest queued events, once there is what is wanted, the sink is closed or `deadline` has passed.
  Popped pop(const Wanted& wanted, Clock::time_point deadline);

  /// All queued events, oldest first, without waiting.
  std::deque<EventBlock> pop_all();

  /// Whether a full queue drops its oldest events from now on.
  void keep_newest(bool wanted);

  /// Puts back what was popped last and not used.
  void push_front(EventBlock&& block);

  /// Says what became of popped events, which are pending until then.
  void settle(std::uint64_t delivered, std::uint64_t out_of_bounds, std::uint64_t dropped);

  /// An item is handed out so long after its latest event came in.
  void count_age(Clock::duration age);

  /// Throws what the producer closed with: once, when nothing is pending any more.
  void rethrow();

  StreamCounts counts() const;
  Geometry geometry() const { return geometry_; }
  std::size_t capacity() const { return queue_.capacity(); }

 private:
  void add(ConstEventSpan events);
  void draw(ConstEventSpan events);
  void enqueue(ConstEventSpan events);
  void use_queue();

  const Geometry geometry_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  Mode mode_;
  FrameBuffer frame_;
  std::uint64_t in_frame_ = 0;  // of the pending events
  EventQueue queue_;
  bool keep_newest_ = false;
  StreamCounts counts_;
  ItemAges ages_;
  Clock::time_point first_, latest_;                                     // when events came
  std::int64_t latest_time_ = std::numeric_limits<std::int64_t>::min();  // of the events since the last pop()
  bool waiting_ = false;
  Wanted wanted_;
  bool closed_ = false;
  std::exception_ptr error_;
};

}  // namespace aestream
