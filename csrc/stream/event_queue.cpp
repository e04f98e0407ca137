// Filling the last block, emptying the first one.
#include "stream/event_queue.hpp"

#include <algorithm>
#include <utility>

namespace aestream {
namespace {

constexpr std::chrono::milliseconds together{1};  // what comes this close in time shares an arrival

void note_arrival(EventBlock& block, Arrival::Time now) {
  std::vector<Arrival>& arrivals = block.arrivals;
  if (arrivals.empty() || now - arrivals.back().first >= together) {
    arrivals.push_back({block.last, now, now});
  } else {
    arrivals.back().stop = block.last;
    arrivals.back().last = now;
  }
}

}  // namespace

const Arrival& EventBlock::arrival(std::size_t index) const {
  return *std::upper_bound(arrivals.begin(), arrivals.end(), index,
                           [](std::size_t wanted, const Arrival& arrival) { return wanted < arrival.stop; });
}

std::size_t EventQueue::push(ConstEventSpan events, Arrival::Time now) {
  const std::size_t accepted = size_ < capacity_ ? std::min(events.size(), capacity_ - size_) : 0;
  for (ConstEventSpan rest = events.first(accepted); !rest.empty();) {
    if (blocks_.empty() || blocks_.back().last == EventBlock::room) {
      blocks_.push_back({Buffer(EventBlock::room * sizeof(Event)), 0, 0, {}});
    }
    EventBlock& block = blocks_.back();
    const std::size_t count = std::min(rest.size(), EventBlock::room - block.last);
    std::copy_n(rest.data(), count, block.memory.as<Event>() + block.last);
    block.last += count;
    note_arrival(block, now);
    size_ += count;
    rest = rest.subspan(count);
  }
  return accepted;
}

std::size_t EventQueue::forget(std::size_t count) {
  const std::size_t forgotten = std::min(count, size_);
  for (std::size_t rest = forgotten; rest > 0;) {
    EventBlock& block = blocks_.front();
    const std::size_t gone = std::min(rest, block.events().size());
    block.first += gone;
    rest -= gone;
    if (block.first == block.last) blocks_.pop_front();
  }
  size_ -= forgotten;
  return forgotten;
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
