// Events into the 8-byte words of core/packed_event.hpp, block by block, whatever they are.
#pragma once

#include <cstdint>

#include "core/event.hpp"

namespace aestream {

/// The earliest and the latest time of some events.
struct TimeRange {
  std::int64_t least = 0;
  std::int64_t latest = 0;

  /// Whether times that count from `base` fit 32 bits.
  bool fits(std::int64_t base) const noexcept {
    return least >= base && static_cast<std::uint64_t>(latest) - static_cast<std::uint64_t>(base) <= UINT32_MAX;
  }
};

/// `range`, and the times of the events as well.
TimeRange extended(TimeRange range, ConstEventSpan events) noexcept;

/// A base that times may step back to, some minutes before `first`.
std::int64_t packing_base(std::int64_t first) noexcept;

/// Packs events with times modulo 2^32 µs after `base`. Coordinates that do not fit come out as the largest. Returns
/// extended(range, events), which costs little in the same pass.
TimeRange pack_block(ConstEventSpan events, std::int64_t base, std::uint64_t* out, TimeRange range) noexcept;

/// Copies words whose times count from a base that is `later` than the one that they shall count from.
void rebase_words(const std::uint64_t* words, std::uint64_t count, std::uint64_t later, std::uint64_t* out) noexcept;

}  // namespace aestream
