// A bounded queue of events in blocks from the pool: it takes as much memory as it holds.
#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/event.hpp"

namespace aestream {

/// When events came in: all from the arrival before up to `stop`, an index into the memory of their block, within a
/// millisecond.
struct Arrival {
  using Time = std::chrono::steady_clock::time_point;

  std::size_t stop = 0;
  Time first, last;
};

/// Some consecutive events of a queue, which whoever popped them owns.
struct EventBlock {
  static constexpr std::size_t room = 4096;

  Buffer memory;
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<Arrival> arrivals;

  ConstEventSpan events() const { return {memory.as<const Event>() + first, last - first}; }

  /// That of the event at `index` of the memory.
  const Arrival& arrival(std::size_t index) const;
};

/// Not synchronised: EventSink locks.
class EventQueue {
 public:
  explicit EventQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Takes the first events, which came `now`, as many as there is room for, and returns their number.
  std::size_t push(ConstEventSpan events, Arrival::Time now);

  /// Forgets the oldest events, at most so many, and returns how many.
  std::size_t forget(std::size_t count);

  /// The oldest events; none if the queue is empty.
  EventBlock pop();

  /// Puts back what was popped last.
  void push_front(EventBlock&& block);

  /// All blocks, oldest first; the queue is empty then.
  std::deque<EventBlock> take_all();

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::size_t capacity_;
  std::size_t size_ = 0;
  std::deque<EventBlock> blocks_;
};

}  // namespace aestream
