// Filling the last block, emptying the first one.
#include "stream/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace aestream {

std::size_t EventQueue::push(ConstEventSpan events) {
  const std::size_t accepted = size_ < capacity_ ? std::min(events.size(), capacity_ - size_) : 0;
  for (ConstEventSpan rest = events.first(accepted); !rest.empty();) {
    if (blocks_.empty() || blocks_.back().last == EventBlock::room) {
      blocks_.push_back({Buffer(EventBlock::room * sizeof(Event))});
    }
    EventBlock& block = blocks_.back();
    const std::size_t count = std::min(rest.size(), EventBlock::room - block.last);
    std::copy_n(rest.data(), count, block.memory.as<Event>() + block.last);
    block.last += count;
    size_ += count;
    rest = rest.subspan(count);
  }
  return accepted;
}

EventBlock EventQueue::pop() {
  if (blocks_.empty()) return {};
  EventBlock block = std::move(blocks_.front());
  blocks_.pop_front();
  size_ -= block.events().size();
  return block;
}

void EventQueue::push_front(EventBlock&& block) {
  if (block.events().empty()) return;
  size_ += block.events().size();
  blocks_.push_front(std::move(block));
}

std::deque<EventBlock> EventQueue::take_all() {
  size_ = 0;
  return std::exchange(blocks_, {});
}

}  // namespace aestream
