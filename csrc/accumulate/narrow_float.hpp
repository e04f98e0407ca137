// IEEE binary16 and bfloat16 from float, rounded to nearest even, in integer operations that every compiler vectorises.
#pragma once

#include <bit>
#include <cstdint>

namespace aestream {

inline std::uint16_t to_bfloat16(float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((word + 0x7FFF + (word >> 16 & 1)) >> 16);
}

/// Of whole numbers: none is subnormal. From 65520 on it is infinite.
inline std::uint16_t to_float16(float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = word >> 16 & 0x8000, magnitude = word & 0x7FFFFFFF;
  const std::uint32_t rebased = magnitude - (112U << 23);  // exponent bias 127 to 15
  const std::uint32_t rounded = (rebased + 0xFFF + (rebased >> 13 & 1)) >> 13;
  const std::uint32_t infinite = magnitude >= 0x477FF000 ? 0x7C00 : rounded;
  return static_cast<std::uint16_t>(sign | (magnitude == 0 ? 0 : infinite));
}

}  // namespace aestream
