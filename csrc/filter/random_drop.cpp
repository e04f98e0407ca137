// Dropping at random: the decision of an event needs nothing but its ordinal, that of a pixel nothing but its place.
#include "filter/random_drop.hpp"

namespace aestream {

std::size_t DropEvents::apply(ConstEventSpan in, EventSpan out) {
  std::size_t kept = 0;
  for (const Event& event : in) {
    out[kept] = event;
    kept += (random_bits(seed_, ordinal_++) >> 32) >= probability_;
  }
  return kept;
}

std::size_t DropPixels::apply(ConstEventSpan in, EventSpan out) {
  std::size_t kept = 0;
  for (const Event& event : in) {
    const std::uint64_t place =
        std::uint64_t{static_cast<std::uint16_t>(event.y)} << 16 | static_cast<std::uint16_t>(event.x);
    out[kept] = event;
    const bool is_drawn = (random_bits(seed_, place) >> 32) < probability_;
    kept += !(is_drawn && grid_.holds(event));
  }
  return kept;
}

}  // namespace aestream
