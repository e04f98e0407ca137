// Filters pass the bytes that hold no field through, so there an event carries its place in its block.
#include "filter/with_source.hpp"

#include <algorithm>
#include <array>

namespace aestream {
namespace {

constexpr std::size_t block = 2048;  // stays in L1; its ordinals fit the two last bytes of an event

}  // namespace

std::size_t apply_with_source(ConstEventSpan events, Filter& filter, EventSpan out, std::int64_t* source) {
  std::array<Event, block> marked;
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < events.size(); begin += block) {
    const std::size_t count = std::min(block, events.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      marked[i] = events[begin + i];
      marked[i].zero[1] = static_cast<std::uint8_t>(i);
      marked[i].zero[2] = static_cast<std::uint8_t>(i >> 8);
    }
    const std::size_t end = kept + filter.apply({marked.data(), count}, out.subspan(kept));
    for (; kept < end; ++kept) {
      source[kept] = static_cast<std::int64_t>(begin) + out[kept].zero[1] + (out[kept].zero[2] << 8);
      out[kept].zero[1] = out[kept].zero[2] = 0;
    }
  }
  return kept;
}

}  // namespace aestream
