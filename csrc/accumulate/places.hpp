// Where events lie in a tensor: found for a block of them at once, in lanes, before a loop that has only to load and store.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "accumulate/accumulator.hpp"

namespace aestream {

/// Elements of an ON event's plane, and of an OFF event's, from where places count.
struct PlaceOfPolarity {
  std::uint32_t on = 0, off = 0;
};

class Places {
 public:
  static constexpr std::size_t capacity = 256;

  /// Of at most `capacity` events.
  void find(ConstEventSpan events, Geometry geometry, PlaceOfPolarity planes);

  /// The element of the i-th event.
  std::uint32_t operator[](std::size_t i) const { return at_[i]; }

  /// How many events are outside the sensor; these have no element.
  std::size_t outside() const { return outside_; }
  bool is_outside(std::size_t i) const { return at_[i] == nowhere; }

 private:
  static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();  // no tensor is that large

  std::array<std::uint32_t, capacity> at_;
  std::size_t outside_ = 0;
};

/// Whether times do not fall, from `earliest` on.
bool rises(ConstEventSpan events, std::int64_t earliest);

/// Calls `add(event, element)` for the events inside, in order. Returns the number outside.
template <class Add>
inline std::size_t add_each(ConstEventSpan events, const Places& places, const Add& add) {
  if (places.outside() == 0) {
    constexpr std::size_t together = 8;  // without a look at whether there are more
    std::size_t i = 0;
    for (; i + together <= events.size(); i += together) {
      for (std::size_t k = i; k < i + together; ++k) add(events[k], places[k]);
    }
    for (; i < events.size(); ++i) add(events[i], places[i]);
  } else {
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!places.is_outside(i)) add(events[i], places[i]);
    }
  }
  return places.outside();
}

/// Hands on blocks of events with their places to `add_block(events, places)`.
template <class AddBlock>
inline void for_each_block(ConstEventSpan events, Geometry geometry, PlaceOfPolarity planes,
                           const AddBlock& add_block) {
  Places places;
  while (!events.empty()) {
    const ConstEventSpan block = events.first(std::min(Places::capacity, events.size()));
    places.find(block, geometry, planes);
    add_block(block, places);
    events = events.subspan(block.size());
  }
}

}  // namespace aestream
