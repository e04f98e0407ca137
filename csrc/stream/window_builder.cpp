// Tensors that grow with each block, and arrays that double their room.
#include "stream/window_builder.hpp"

#include <algorithm>
#include <utility>

#include "accumulate/event_list.hpp"

namespace aestream {
namespace {

class TensorBuilder final : public WindowBuilder {
 public:
  TensorBuilder(std::unique_ptr<Accumulator> accumulator, bool by_time)
      : accumulator_(std::move(accumulator)), by_time_(by_time) {}

  void begin(TimeSpan times) override {
    item_ = {Buffer(accumulator_->size()), 0, 0, 0, times};
    accumulator_->begin(item_.memory.data(), {times, {}, 0});
  }

  void add(ConstEventSpan events) override {
    accumulator_->consume(events);
    if (!by_time_ && !events.empty()) {
      const TimeSpan times = times_of(events);
      item_.times = {item_.events == 0 ? times.start : item_.times.start,
                     item_.events == 0 ? times.stop : std::max(item_.times.stop, times.stop)};
    }
    item_.events += events.size();
  }

  StreamItem finish() override {
    item_.outside = accumulator_->finish();
    item_.events -= item_.outside;
    return std::move(item_);
  }

 private:
  std::unique_ptr<Accumulator> accumulator_;
  bool by_time_;
  StreamItem item_;
};

class EventsBuilder final : public WindowBuilder {
 public:
  EventsBuilder(bool by_time, std::size_t max_events) : by_time_(by_time), max_events_(max_events) {}

  void begin(TimeSpan times) override {
    list_.clear();
    item_ = {{}, 0, 0, 0, times};
  }

  void add(ConstEventSpan events) override {
    const std::size_t count = std::min(events.size(), max_events_ - item_.events);
    item_.dropped += events.size() - count;
    list_.add(events.first(count));
    item_.events += count;
  }

  StreamItem finish() override {
    if (!by_time_) item_.times = times_of(list_.events());
    item_.memory = list_.take();
    return std::move(item_);
  }

 private:
  bool by_time_;
  std::size_t max_events_;
  EventList list_;
  StreamItem item_;
};

/// A window that has to be complete before its accumulator can start: its events, and in the end the tensor.
class LateTensorBuilder final : public WindowBuilder {
 public:
  LateTensorBuilder(std::unique_ptr<Accumulator> accumulator, bool by_time, std::size_t max_events)
      : accumulator_(std::move(accumulator)), by_time_(by_time), events_(by_time, max_events) {}

  void begin(TimeSpan times) override { events_.begin(times); }
  void add(ConstEventSpan events) override { events_.add(events); }

  StreamItem finish() override {
    const StreamItem events = events_.finish();
    StreamItem item{Buffer(accumulator_->size()), events.events, 0, events.dropped, events.times};
    const ConstEventSpan span{events.memory.as<const Event>(), events.events};
    item.outside = accumulate_span(span, by_time_ ? &events.times : nullptr, *accumulator_, item.memory.data());
    item.events -= item.outside;
    return item;
  }

 private:
  std::unique_ptr<Accumulator> accumulator_;
  bool by_time_;
  EventsBuilder events_;
};

}  // namespace

std::unique_ptr<WindowBuilder> make_window_builder(std::unique_ptr<Accumulator> accumulator, bool by_time,
                                                   std::size_t max_events) {
  if (accumulator == nullptr) return std::make_unique<EventsBuilder>(by_time, max_events);
  const Needs needs = accumulator->needs();
  if (needs == Needs::Events || (needs == Needs::Window && !by_time)) {
    return std::make_unique<LateTensorBuilder>(std::move(accumulator), by_time, max_events);
  }
  return std::make_unique<TensorBuilder>(std::move(accumulator), by_time);
}

}  // namespace aestream
