// The 16-byte event that everything in the core produces and consumes; AEDAT4 and dv-processing store the same bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace aestream {

struct Event {
  std::int64_t t;  // microseconds, as recorded
  std::int16_t x;  // grows right
  std::int16_t y;  // grows down
  std::uint8_t p;  // 0 OFF, 1 ON
  std::uint8_t zero[3];
};
static_assert(sizeof(Event) == 16 && std::is_trivially_copyable_v<Event>);

using EventSpan = std::span<Event>;
using ConstEventSpan = std::span<const Event>;

/// Writes one event as two 8-byte words: the three pad bytes come out zero without a store of their own.
inline void store_event(Event* out, std::int64_t t, std::uint32_t x, std::uint32_t y, std::uint32_t p) noexcept {
  const std::uint64_t words[2] = {static_cast<std::uint64_t>(t),
                                  std::uint64_t{x & 0xFFFF} | std::uint64_t{y & 0xFFFF} << 16 | std::uint64_t{p} << 32};
  std::memcpy(out, words, sizeof words);
}

}  // namespace aestream
