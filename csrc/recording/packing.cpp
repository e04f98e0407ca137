// Loops that compilers make vectors of: what is rare, coordinates that do not fit, is mended afterwards.
#include "recording/packing.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/multiversion.hpp"
#include "core/packed_event.hpp"

namespace aestream {
namespace {

constexpr std::int64_t step_back = std::int64_t{1} << 28;  // µs
constexpr std::uint64_t low = 0xFFFFFFFF, too_large = 0xC000C000, corner = 0x0FFFFFFF00000000;

/// Packs `count` events that lie at `bytes`. Returns whether all coordinates fit.
AESTREAM_MULTIVERSION
bool pack_fitting(const std::uint8_t* bytes, std::size_t count, std::uint64_t base, std::uint64_t* __restrict out,
                  TimeRange& range) {
  std::uint64_t any = 0;
  TimeRange found = range;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t t, rest;  // the words of store_event()
    std::memcpy(&t, bytes + 16 * i, 8);
    std::memcpy(&rest, bytes + 16 * i + 8, 8);
    any |= rest;
    found.least = std::min(found.least, static_cast<std::int64_t>(t));
    found.latest = std::max(found.latest, static_cast<std::int64_t>(t));
    const std::uint64_t x = rest & packed_max_coordinate, y = rest >> 16 & packed_max_coordinate;
    out[i] = ((t - base) & low) | x << 32 | y << 46 | (rest >> 32 & 1) << 60;
  }
  range = found;
  return (any & too_large) == 0;
}

AESTREAM_MULTIVERSION
void extend(const Event* events, std::size_t count, TimeRange& range) {
  TimeRange found = range;
  for (std::size_t i = 0; i < count; ++i) {
    found.least = std::min(found.least, events[i].t);
    found.latest = std::max(found.latest, events[i].t);
  }
  range = found;
}

AESTREAM_MULTIVERSION
void add(const std::uint64_t* words, std::uint64_t count, std::uint64_t later, std::uint64_t* __restrict out) {
  for (std::uint64_t i = 0; i < count; ++i) out[i] = words[i] + later;
}

}  // namespace

TimeRange extended(TimeRange range, ConstEventSpan events) noexcept {
  extend(events.data(), events.size(), range);
  return range;
}

std::int64_t packing_base(std::int64_t first) noexcept {
  return std::max(first, std::numeric_limits<std::int64_t>::min() + step_back) - step_back;
}

TimeRange pack_block(ConstEventSpan events, std::int64_t base, std::uint64_t* out, TimeRange range) noexcept {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(events.data());
  if (pack_fitting(bytes, events.size(), static_cast<std::uint64_t>(base), out, range)) return range;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto x = static_cast<std::uint16_t>(events[i].x), y = static_cast<std::uint16_t>(events[i].y);
    if (std::max(x, y) > packed_max_coordinate) out[i] |= corner;
  }
  return range;
}

void rebase_words(const std::uint64_t* words, std::uint64_t count, std::uint64_t later, std::uint64_t* out) noexcept {
  add(words, count, later, out);
}

}  // namespace aestream
