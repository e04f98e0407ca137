// What pixels remember of their events.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace aestream {

inline constexpr std::uint32_t no_event = std::numeric_limits<std::uint32_t>::max();

struct Memory {
  double sum = 0;                                   // of exp(-(time - t_j) / tau) over the pixel's events j
  std::int64_t time = 0;                            // when that was
  std::uint32_t first = no_event, last = no_event;  // of the events that are not too old, where there is a limit
};

/// The events that pixels remember: lists in one piece of memory, in which places are used again.
class Histories {
 public:
  void clear() {
    kept_.clear();
    free_ = no_event;
  }

  void push(Memory& memory, std::int64_t time) {
    std::uint32_t place = free_;
    if (place == no_event) {
      place = static_cast<std::uint32_t>(kept_.size());
      kept_.emplace_back();
    } else {
      free_ = kept_[place].next;
    }
    kept_[place] = {time, no_event};
    (memory.last == no_event ? memory.first : kept_[memory.last].next) = place;
    memory.last = place;
  }

  std::int64_t first(const Memory& memory) const { return kept_[memory.first].time; }

  void pop(Memory& memory) {
    const std::uint32_t place = memory.first;
    memory.first = kept_[place].next;
    if (memory.first == no_event) memory.last = no_event;
    kept_[place].next = free_;
    free_ = place;
  }

 private:
  struct Kept {
    std::int64_t time;
    std::uint32_t next;
  };

  std::vector<Kept> kept_;
  std::uint32_t free_ = no_event;
};

}  // namespace aestream
