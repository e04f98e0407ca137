// The clock of DAT records: 32 bits that wrap when t falls by more than half of its range; a smaller fall is kept.
#pragma once

#include <cstdint>

namespace aestream::dat {

constexpr std::size_t record_size = 8;
constexpr std::int64_t period = std::int64_t{1} << 32;

constexpr bool is_wrap(std::uint32_t before, std::uint32_t now) {
  return now < before && before - now > std::uint32_t{1} << 31;
}

struct Clock {
  std::uint32_t last = 0;    // t of the record before, without wraps
  std::int64_t wrapped = 0;  // microseconds of all wraps

  std::int64_t take(std::uint32_t t) {
    if (is_wrap(last, t)) [[unlikely]]
      wrapped += period;
    last = t;
    return wrapped + t;
  }
};

}  // namespace aestream::dat
