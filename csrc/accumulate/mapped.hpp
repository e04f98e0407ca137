// Events that pass through a coordinate map on their way into an accumulator, in blocks that stay in L1.
#pragma once

#include <algorithm>
#include <array>

#include "filter/coordinate_map.hpp"

namespace aestream {

class EventMapper {
 public:
  /// Without a map, or with one that changes nothing, events pass as they are.
  explicit EventMapper(const CoordinateMap* map) : map_(map != nullptr && map->changes() ? map : nullptr) {}

  /// Hands what becomes of the events to `consume`, block by block.
  template <class Consume>
  void pass(ConstEventSpan events, const Consume& consume) {
    if (map_ == nullptr) return consume(events);
    while (!events.empty()) {
      const std::size_t count = std::min(block, events.size());
      const std::size_t kept = map_->map(events.first(count), mapped_);
      if (kept > 0) consume(ConstEventSpan{mapped_.data(), kept});
      events = events.subspan(count);
    }
  }

 private:
  static constexpr std::size_t block = 512;  // 8 KiB, beside as much that is read and what an accumulator looks at

  const CoordinateMap* map_;
  alignas(64) std::array<Event, block> mapped_;
};

}  // namespace aestream
