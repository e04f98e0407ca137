// Playing in time: no lock is held while decoding or waiting.
#include "stream/replay.hpp"

#include <algorithm>
#include <utility>

#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::chrono::microseconds grain{500};  // events this close in time are played together

}  // namespace

Replay::Replay(std::shared_ptr<const Recording> recording, std::shared_ptr<EventSink> sink, Window window,
               bool real_time)
    : recording_(std::move(recording)), sink_(std::move(sink)), window_(window), real_time_(real_time) {
  thread_ = OwnThread([this] { play(); });
}

void Replay::stop() {
  if (!thread_.is_foreign()) {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    stopped_.notify_all();
  }
  thread_.join();
}

/// Returns false when playback was stopped.
bool Replay::wait_until(Clock::time_point due) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_until(lock, due, [this] { return stop_.load(); });
}

void Replay::play_in_time(ConstEventSpan events) {
  while (!events.empty()) {
    if (first_ == no_time) first_ = events.front().t;
    latest_ = std::max(latest_, events.front().t);  // a step back in time is played at once
    if (!wait_until(begin_ + std::chrono::microseconds(latest_ - first_))) return;
    std::size_t together = 1;
    while (together < events.size() && events[together].t <= latest_ + grain.count()) ++together;
    sink_->push(events.first(together));
    events = events.subspan(together);
  }
}

/// Nothing hurries: a reader that is late makes us wait.
void Replay::push_with_room(ConstEventSpan events) {
  while (!events.empty()) {
    const ConstEventSpan part = events.first(std::min(events.size(), EventBlock::room));
    while (sink_->is_full_for(part.size())) {
      if (!wait_until(Clock::now() + grain)) return;
    }
    sink_->push(part);
    events = events.subspan(part.size());
  }
}

void Replay::play() {
  begin_ = Clock::now();
  std::exception_ptr error;
  Interrupts of_replay;
  of_replay.cancelled = &stop_;
  const InterruptScope scope(of_replay);
  try {
    recording_->guarded([this] {
      const auto cursor = recording_->open(window_.start, default_threads());
      visit(*cursor, 0, window_, [this](ConstEventSpan events) {
        recording_->check_block();
        if (real_time_) {
          play_in_time(events);
        } else {
          push_with_room(events);
        }
        return !stop_.load();
      });
    });
  } catch (const Cancelled&) {  // by stop()
  } catch (...) {
    error = std::current_exception();
  }
  sink_->close(std::move(error));
}

}  // namespace aestream
