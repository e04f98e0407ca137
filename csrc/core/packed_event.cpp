// Packing events to 8 bytes and back.
#include "core/packed_event.hpp"

#include <algorithm>

namespace aestream {

std::optional<std::int64_t> packed_base(ConstEventSpan events, std::optional<std::int64_t> base) noexcept {
  if (events.empty()) return base.value_or(0);
  std::int64_t first = events[0].t, last = events[0].t;
  std::int32_t any = 0, least = 0;
  for (const Event& event : events) {
    first = std::min(first, event.t);
    last = std::max(last, event.t);
    any |= event.x | event.y;
    least = std::min<std::int32_t>({least, event.x, event.y});
  }
  const std::int64_t from = base.value_or(first);
  const std::uint64_t span = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(from);
  if (first < from || span > UINT32_MAX || least < 0 || any > packed_max_coordinate) return std::nullopt;
  return from;
}

void pack_events(ConstEventSpan events, std::int64_t base, std::uint64_t* out) noexcept {
  for (const Event& event : events) {
    const std::uint64_t age = static_cast<std::uint64_t>(event.t) - static_cast<std::uint64_t>(base);
    const auto x = static_cast<std::uint16_t>(event.x), y = static_cast<std::uint16_t>(event.y);
    *out++ = (age & 0xFFFFFFFF) | std::uint64_t{x} << 32 | std::uint64_t{y} << 46 | std::uint64_t{event.p} << 60;
  }
}

void unpack_events(std::span<const std::uint64_t> words, std::int64_t base, Event* out) noexcept {
  for (const std::uint64_t word : words) {
    const auto t = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + (word & 0xFFFFFFFF));
    const auto x = static_cast<std::uint32_t>(word >> 32 & packed_max_coordinate);
    const auto y = static_cast<std::uint32_t>(word >> 46 & packed_max_coordinate);
    store_event(out++, t, x, y, static_cast<std::uint32_t>(word >> 60 & 1));
  }
}

}  // namespace aestream
