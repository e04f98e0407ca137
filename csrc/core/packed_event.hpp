// The 8-byte event of prepared shards: u32 µs after a base, then 14 bits of x, 14 of y and the polarity.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/event.hpp"

namespace aestream {

inline constexpr std::int32_t packed_max_coordinate = (1 << 14) - 1;

/// `base`, or else the earliest time, if all events can be packed as counted from it: within 2^32 µs, coordinates from 0 to
/// 16383. `base`, or else 0, for no events.
[[nodiscard]] std::optional<std::int64_t> packed_base(ConstEventSpan events,
                                                      std::optional<std::int64_t> base = {}) noexcept;

/// Writes one word per event, with the time since `base` in its lower half. The events must fit.
void pack_events(ConstEventSpan events, std::int64_t base, std::uint64_t* out) noexcept;

/// The way back. Any word is an event; times wrap past the end of int64.
void unpack_events(std::span<const std::uint64_t> words, std::int64_t base, Event* out) noexcept;

}  // namespace aestream
