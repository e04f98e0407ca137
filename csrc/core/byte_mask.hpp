// Which of 32 bytes have a property, as a bit mask: what text is cut into fields by.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aestream {

#if defined(__SSE2__)

/// Bit i is set where in[i] is no decimal digit; reads 16 bytes.
inline __attribute__((always_inline)) std::uint32_t non_digits16(const std::uint8_t* in) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
  const __m128i from_zero = _mm_sub_epi8(bytes, _mm_set1_epi8(static_cast<char>('0' + 128)));  // digits: -128 … -119
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpgt_epi8(from_zero, _mm_set1_epi8(-119))));
}

#else

/// Bit i is set where in[i] is no decimal digit; reads 8 bytes.
inline std::uint32_t non_digits8(const std::uint8_t* in) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080, zeros = 0x3030303030303030, over_nine = 0x7676767676767676;
  const std::uint64_t value = load_le64(in) ^ zeros;
  const std::uint64_t found = (((value & ~high) + over_nine) | value) & high;
  return static_cast<std::uint32_t>(((found >> 7) * 0x0102040810204080) >> 56);
}

inline std::uint32_t non_digits16(const std::uint8_t* in) noexcept {
  return non_digits8(in) | non_digits8(in + 8) << 8;
}

#endif

/// Bit i is set where in[i] is no decimal digit; reads 32 bytes.
inline __attribute__((always_inline)) std::uint32_t non_digits32(const std::uint8_t* in) noexcept {
  return non_digits16(in) | non_digits16(in + 16) << 16;
}

}  // namespace aestream
