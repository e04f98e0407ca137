// Eight words at a time on processors with AVX2: what a lane has from the lanes before it, and events out of lanes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "core/event.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#define AESTREAM_AVX2 __attribute__((target("avx2,popcnt")))
#define AESTREAM_AVX2_INLINE __attribute__((target("avx2,popcnt"), always_inline)) inline

namespace aestream::lanes {

inline constexpr std::size_t count = 8;

inline bool are_there() { return __builtin_cpu_supports("avx2"); }

/// For every set of lanes eight numbers of lanes, a byte each.
using Orders = std::array<std::uint64_t, 256>;

/// The last lane of the set up to each lane; 0xFF where there is none.
inline constexpr Orders last_of_set = [] {
  Orders orders{};
  for (unsigned set = 0; set < orders.size(); ++set) {
    std::uint64_t last = 0xFF;
    for (unsigned lane = 0; lane < count; ++lane) {
      if ((set >> lane & 1) != 0) last = lane;
      orders[set] |= last << (8 * lane);
    }
  }
  return orders;
}();

/// The lanes of the set where interleaving halves puts them one behind the other: 0, 2, 4, 6, then 1, 3, 5, 7.
inline constexpr Orders packed_set = [] {
  Orders orders{};
  for (unsigned set = 0; set < orders.size(); ++set) {
    unsigned found = 0;
    for (std::uint64_t lane = 0; lane < count; ++lane) {
      if ((set >> lane & 1) == 0) continue;
      orders[set] |= lane << (8 * (found / 2 + found % 2 * 4));
      ++found;
    }
  }
  return orders;
}();

AESTREAM_AVX2_INLINE unsigned set_of(__m256i lanes) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(lanes)));
}

/// What the last lane of `set` up to each lane says, or what was said `before`.
AESTREAM_AVX2_INLINE __m256i carry(__m256i said, unsigned set, __m256i before) {
  const __m256i from = _mm256_cvtepi8_epi32(_mm_cvtsi64_si128(static_cast<long long>(last_of_set[set])));
  const __m256i found = _mm256_permutevar8x32_epi32(said, from);
  return _mm256_castps_si256(
      _mm256_blendv_ps(_mm256_castsi256_ps(found), _mm256_castsi256_ps(before), _mm256_castsi256_ps(from)));
}

AESTREAM_AVX2_INLINE __m256i last_lane(__m256i lanes) {
  return _mm256_permutevar8x32_epi32(lanes, _mm256_set1_epi32(count - 1));
}

/// Events by their four 32-bit words.
struct Events {
  __m256i time, time_high, xy, p;
};

/// Writes those of `set`, and anything behind them: eight places in all. Returns their number.
AESTREAM_AVX2_INLINE std::size_t store(const Events& events, unsigned set, Event* out) {
  const __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(packed_set[set])));
  const __m256i time = _mm256_permutevar8x32_epi32(events.time, order);
  const __m256i time_high = _mm256_permutevar8x32_epi32(events.time_high, order);
  const __m256i xy = _mm256_permutevar8x32_epi32(events.xy, order);
  const __m256i p = _mm256_permutevar8x32_epi32(events.p, order);
  const __m256i times[2] = {_mm256_unpacklo_epi32(time, time_high), _mm256_unpackhi_epi32(time, time_high)};
  const __m256i rest[2] = {_mm256_unpacklo_epi32(xy, p), _mm256_unpackhi_epi32(xy, p)};
  auto* const to = reinterpret_cast<__m256i*>(out);
  for (int half = 0; half < 2; ++half) {
    _mm256_storeu_si256(to + 2 * half, _mm256_unpacklo_epi64(times[half], rest[half]));
    _mm256_storeu_si256(to + 2 * half + 1, _mm256_unpackhi_epi64(times[half], rest[half]));
  }
  return static_cast<std::size_t>(std::popcount(set));
}

}  // namespace aestream::lanes
#endif
