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
  if (magnitude == 0) return static_cast<std::uint16_t>(sign);
  if (magnitude >= 0x477FF000) return static_cast<std::uint16_t>(sign | 0x7C00);
  const std::uint32_t rebased = magnitude - (112U << 23);  // exponent bias 127 to 15
  return static_cast<std::uint16_t>(sign | (rebased + 0xFFF + (rebased >> 13 & 1)) >> 13);
}

}  // namespace aestream
