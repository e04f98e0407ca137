// Tensors that grow with each block, and arrays that double their room.
#include "stream/window_builder.hpp"

#include <algorithm>
#include <utility>

namespace aestream {
namespace {

class TensorBuilder final : public WindowBuilder {
 public:
  explicit TensorBuilder(std::unique_ptr<Accumulator> accumulator) : accumulator_(std::move(accumulator)) {}

  void begin(TimeSpan times) override {
    item_ = {Buffer(accumulator_->size()), 0, 0, 0, times};
    accumulator_->begin(item_.memory.data(), times.start, times.stop);
  }

  void add(ConstEventSpan events) override {
    accumulator_->consume(events);
    item_.events += events.size();
  }

  StreamItem finish() override {
    item_.outside = accumulator_->finish();
    item_.events -= item_.outside;
    return std::move(item_);
  }

 private:
  std::unique_ptr<Accumulator> accumulator_;
  StreamItem item_;
};

class EventsBuilder final : public WindowBuilder {
 public:
  EventsBuilder(bool by_time, std::size_t max_events) : by_time_(by_time), max_events_(max_events) {}

  void begin(TimeSpan times) override { item_ = {Buffer(events_at_first * sizeof(Event)), 0, 0, 0, times}; }

  void add(ConstEventSpan events) override {
    const std::size_t count = std::min(events.size(), max_events_ - item_.events);
    item_.dropped += events.size() - count;
    const std::size_t needed = (item_.events + count) * sizeof(Event);
    if (needed > item_.memory.size()) {
      Buffer larger(std::max(needed, 2 * item_.memory.size()));
      std::copy_n(item_.memory.as<Event>(), item_.events, larger.as<Event>());
      item_.memory = std::move(larger);
    }
    std::copy_n(events.data(), count, item_.memory.as<Event>() + item_.events);
    item_.events += count;
  }

  StreamItem finish() override {
    if (!by_time_) item_.times = times_of({item_.memory.as<const Event>(), item_.events});
    return std::move(item_);
  }

 private:
  static constexpr std::size_t events_at_first = 1024;

  bool by_time_;
  std::size_t max_events_;
  StreamItem item_;
};

/// A window by count, of a representation that scales times: its events, and in the end the tensor.
class LateTensorBuilder final : public WindowBuilder {
 public:
  LateTensorBuilder(std::unique_ptr<Accumulator> accumulator, std::size_t max_events)
      : tensor_(std::move(accumulator)), events_(false, max_events) {}

  void begin(TimeSpan times) override { events_.begin(times); }
  void add(ConstEventSpan events) override { events_.add(events); }

  StreamItem finish() override {
    const StreamItem events = events_.finish();
    tensor_.begin(events.times);
    tensor_.add({events.memory.as<const Event>(), events.events});
    StreamItem item = tensor_.finish();
    item.dropped = events.dropped;
    return item;
  }

 private:
  TensorBuilder tensor_;
  EventsBuilder events_;
};

}  // namespace

std::unique_ptr<WindowBuilder> make_window_builder(std::unique_ptr<Accumulator> accumulator, bool by_time,
                                                   std::size_t max_events) {
  if (accumulator == nullptr) return std::make_unique<EventsBuilder>(by_time, max_events);
  if (!by_time && accumulator->needs_times()) {
    return std::make_unique<LateTensorBuilder>(std::move(accumulator), max_events);
  }
  return std::make_unique<TensorBuilder>(std::move(accumulator));
}

}  // namespace aestream
