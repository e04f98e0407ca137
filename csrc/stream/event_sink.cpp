// The two ways of keeping events, and the accounts.
#include "stream/event_sink.hpp"

#include <algorithm>
#include <utility>

namespace aestream {
namespace {

constexpr std::size_t block = 8192;  // events that one hold of the lock adds at most: some 20 µs

}  // namespace

EventSink::EventSink(Geometry geometry, Mode mode, std::size_t capacity)
    : geometry_(geometry), mode_(mode), frame_(geometry), queue_(capacity), latest_(Clock::now()) {}

void EventSink::push(ConstEventSpan events) {
  for (; !events.empty(); events = events.subspan(std::min(block, events.size()))) {
    add(events.first(std::min(block, events.size())));
  }
}

void EventSink::add(ConstEventSpan events) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    latest_ = Clock::now();
    if (counts_.received == 0) first_ = latest_;
    counts_.received += events.size();
    if (mode_ == Mode::Frames) return draw(events);
    if (mode_ == Mode::Undecided && queue_.size() + events.size() > queue_.capacity()) {
      const std::size_t room = queue_.capacity() - queue_.size();
      enqueue(events.first(room));
      mode_ = Mode::Frames;  // what is queued stays there: take() adds it to the frame
      return draw(events.subspan(room));
    }
    enqueue(events);
    latest_time_ = std::max(latest_time_, events.back().t);
    wake = waiting_ && (latest_time_ >= wanted_.time || queue_.size() >= wanted_.count);
  }
  if (wake) ready_.notify_one();
}

/// With the lock held.
void EventSink::enqueue(ConstEventSpan events) {
  if (keep_newest_ && queue_.size() + events.size() > queue_.capacity()) {
    const std::size_t forgotten = queue_.forget(queue_.size() + events.size() - queue_.capacity());
    counts_.pending -= forgotten;
    const std::size_t skipped = events.size() - std::min(events.size(), queue_.capacity());
    counts_.dropped += forgotten + skipped;
    events = events.subspan(skipped);
  }
  const std::size_t queued = queue_.push(events, latest_);
  counts_.pending += queued;
  counts_.dropped += events.size() - queued;
}

/// With the lock held.
void EventSink::draw(ConstEventSpan events) {
  const std::size_t drawn = frame_.add(events);
  in_frame_ += drawn;
  counts_.pending += drawn;
  counts_.out_of_bounds += events.size() - drawn;
}

bool EventSink::is_full_for(std::size_t events) const {
  const std::lock_guard lock(mutex_);
  return mode_ != Mode::Frames && !keep_newest_ && queue_.size() > 0 && queue_.size() + events > queue_.capacity();
}

void EventSink::count_packets(std::uint64_t packets, std::uint64_t malformed) {
  const std::lock_guard lock(mutex_);
  counts_.packets += packets;
  counts_.malformed += malformed;
}

void EventSink::count_kernel_drops(std::uint64_t packets) {
  const std::lock_guard lock(mutex_);
  counts_.kernel_drops += packets;
}

void EventSink::close(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) error_ = std::move(error);
    closed_ = true;
  }
  ready_.notify_one();
}

Buffer EventSink::take() {
  FrameBuffer taken(geometry_);  // cleared before the lock is taken
  std::deque<EventBlock> backlog;
  rethrow();
  {
    const std::lock_guard lock(mutex_);
    mode_ = Mode::Frames;
    std::swap(taken, frame_);
    backlog = queue_.take_all();
    counts_.delivered += in_frame_;
    counts_.pending -= std::exchange(in_frame_, 0);
  }
  std::uint64_t drawn = 0, all = 0;
  for (const EventBlock& queued : backlog) {
    drawn += taken.add(queued.events());
    all += queued.events().size();
  }
  if (all > 0) settle(drawn, all - drawn, 0);
  return std::move(taken).release();
}

bool EventSink::is_streaming() const {
  const std::lock_guard lock(mutex_);
  return !closed_ || error_ || counts_.pending > 0;
}

/// With the lock held. The frame's events cannot be put in order any more.
void EventSink::use_queue() {
  if (mode_ == Mode::Frames) {
    frame_ = FrameBuffer(geometry_);
    counts_.dropped += in_frame_;
    counts_.pending -= std::exchange(in_frame_, 0);
  }
  mode_ = Mode::Queue;
}

EventSink::Popped EventSink::pop(const Wanted& wanted, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  use_queue();
  wanted_ = wanted;
  waiting_ = true;
  ready_.wait_until(lock, deadline, [this] {
    return closed_ || queue_.size() >= wanted_.count || (queue_.size() > 0 && latest_time_ >= wanted_.time);
  });
  waiting_ = false;
  EventBlock events = queue_.pop();
  if (queue_.size() == 0) latest_time_ = std::numeric_limits<std::int64_t>::min();
  const bool ended = closed_ && events.events().empty();
  return {std::move(events), ended, latest_};
}

std::deque<EventBlock> EventSink::pop_all() {
  const std::lock_guard lock(mutex_);
  use_queue();
  latest_time_ = std::numeric_limits<std::int64_t>::min();
  return queue_.take_all();
}

void EventSink::keep_newest(bool wanted) {
  const std::lock_guard lock(mutex_);
  keep_newest_ = wanted;
}

void EventSink::push_front(EventBlock&& events) {
  const std::lock_guard lock(mutex_);
  queue_.push_front(std::move(events));
}

void EventSink::settle(std::uint64_t delivered, std::uint64_t out_of_bounds, std::uint64_t dropped) {
  const std::lock_guard lock(mutex_);
  counts_.delivered += delivered;
  counts_.out_of_bounds += out_of_bounds;
  counts_.dropped += dropped;
  counts_.pending -= delivered + out_of_bounds + dropped;
}

void EventSink::count_age(Clock::duration age) {
  const std::lock_guard lock(mutex_);
  ages_.add(age);
}

void EventSink::rethrow() {
  std::exception_ptr error;
  {
    const std::lock_guard lock(mutex_);
    if (closed_ && counts_.pending == 0) error = std::exchange(error_, nullptr);
  }
  if (error) std::rethrow_exception(error);
}

StreamCounts EventSink::counts() const {
  std::unique_lock lock(mutex_);
  StreamCounts counts = counts_;
  if (counts.received > 0) counts.seconds = std::chrono::duration<double>(latest_ - first_).count();
  ItemAges ages = ages_;
  lock.unlock();
  counts.age_median_us = ages.quantile_us(0.5);
  counts.age_p99_us = ages.quantile_us(0.99);
  return counts;
}

}  // namespace aestream
