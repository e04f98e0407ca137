// Events that are collected until a window is complete, in memory of the pool that doubles as it grows.
#pragma once

#include <algorithm>

#include "core/buffer_pool.hpp"
#include "core/event.hpp"

namespace aestream {

class EventList {
 public:
  void clear() { size_ = 0; }

  void add(ConstEventSpan events) {
    std::copy_n(events.data(), events.size(), reserve(events.size()));
    grow(events.size());
  }

  /// Where `more` events may be written, behind those that there are; grow() says how many were.
  Event* reserve(std::size_t more) {
    const std::size_t needed = (size_ + more) * sizeof(Event);
    if (needed > memory_.size()) {
      Buffer larger(std::max({needed, 2 * memory_.size(), at_first * sizeof(Event)}));
      std::copy_n(memory_.as<const Event>(), size_, larger.as<Event>());
      memory_ = std::move(larger);
    }
    return memory_.as<Event>() + size_;
  }

  void grow(std::size_t count) { size_ += count; }

  ConstEventSpan events() const { return {memory_.as<const Event>(), size_}; }

  /// The memory, whose first events are the list's; nothing is left.
  Buffer take() {
    size_ = 0;
    return std::move(memory_);
  }

 private:
  static constexpr std::size_t at_first = 1024;

  Buffer memory_;
  std::size_t size_ = 0;
};

}  // namespace aestream
