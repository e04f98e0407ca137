// FrameBuffer and Replay: the lock is held for one block of events or one swap, never while decoding or waiting.
#include "stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::chrono::microseconds grain{500};  // events this close in time are played together

}  // namespace

FrameBuffer::FrameBuffer(Geometry geometry) : geometry_(geometry), frame_(fresh()) {}

Buffer FrameBuffer::fresh() const {
  Buffer frame(std::size_t{geometry_.width} * geometry_.height * sizeof(float));
  std::memset(frame.data(), 0, frame.size());
  return frame;
}

void FrameBuffer::add(ConstEventSpan events) {
  const std::lock_guard lock(mutex_);
  auto* counts = frame_.as<float>();
  std::uint64_t drawn = 0;
  for (const Event& event : events) {
    const auto x = static_cast<std::uint32_t>(event.x), y = static_cast<std::uint32_t>(event.y);
    if (x >= geometry_.width || y >= geometry_.height) continue;
    counts[std::size_t{x} * geometry_.height + y] += 1;
    ++drawn;
  }
  const auto now = std::chrono::steady_clock::now();
  if (counts_.received == 0) first_ = now;
  counts_.seconds = std::chrono::duration<double>(now - first_).count();
  counts_.received += events.size();
  counts_.out_of_bounds += events.size() - drawn;
  counts_.pending += drawn;
}

Buffer FrameBuffer::take() {
  Buffer taken = fresh();
  const std::lock_guard lock(mutex_);
  std::swap(taken, frame_);
  counts_.pending = 0;
  return taken;
}

StreamCounts FrameBuffer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Replay::Replay(std::shared_ptr<const Recording> recording, Window window, Geometry geometry, bool real_time)
    : recording_(std::move(recording)), window_(window), real_time_(real_time), frame_(geometry) {
  thread_ = std::thread([this] { play(); });
}

Replay::~Replay() { stop(); }

void Replay::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Replay::is_streaming() const {
  const std::lock_guard lock(mutex_);
  return !finished_ || error_ || frame_.counts().pending > 0;
}

Buffer Replay::take() {
  std::exception_ptr error;
  {
    const std::lock_guard lock(mutex_);
    if (finished_ && frame_.counts().pending == 0) error = std::exchange(error_, nullptr);
  }
  if (error) std::rethrow_exception(error);
  return frame_.take();
}

/// Returns false when playback was stopped.
bool Replay::wait_until(Clock::time_point due) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_until(lock, due, [this] { return stop_; });
}

void Replay::play_in_time(ConstEventSpan events) {
  while (!events.empty()) {
    if (first_ == no_time) first_ = events.front().t;
    latest_ = std::max(latest_, events.front().t);  // a step back in time is played at once
    if (!wait_until(begin_ + std::chrono::microseconds(latest_ - first_))) return;
    std::size_t together = 1;
    while (together < events.size() && events[together].t <= latest_ + grain.count()) ++together;
    frame_.add(events.first(together));
    events = events.subspan(together);
  }
}

void Replay::play() {
  begin_ = Clock::now();
  std::exception_ptr error;
  try {
    const auto cursor = recording_->open(window_.start, default_threads());
    visit(*cursor, 0, window_, [this](ConstEventSpan events) {
      if (real_time_) {
        play_in_time(events);
      } else {
        frame_.add(events);
      }
      const std::lock_guard lock(mutex_);
      return !stop_;
    });
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  error_ = error;
}

}  // namespace aestream
