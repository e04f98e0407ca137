// An event is kept or dropped without a branch: those that are kept are pressed together by one instruction.
#include "filter/kept_lanes.hpp"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>

#define AESTREAM_AVX512 __attribute__((target("avx512f,avx512bw")))
#endif

namespace aestream {

#if defined(__x86_64__)
namespace {

AESTREAM_AVX512 __m512i four_times(const std::uint16_t* lanes) {
  constexpr __mmask16 all = 0xFFFF;  // without a mask, gcc 12 warns of what is not initialised
  return _mm512_maskz_broadcast_i32x4(all, _mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes)));
}

AESTREAM_AVX512 Kept keep_fours(ConstEventSpan in, EventSpan out, const LaneMove& move, PixelGrid grid) noexcept {
  constexpr std::uint16_t any = 0xFFFF;
  const auto last = [](std::uint32_t length) { return static_cast<std::uint16_t>(length - 1); };
  const std::uint16_t most[] = {any, any, any, any, last(grid.width), last(grid.height), any, any};
  const std::uint16_t from_x = move.swaps ? 0x0B0A : 0x0908, from_y = move.swaps ? 0x0908 : 0x0B0A;
  const std::uint16_t bytes[] = {0x0100, 0x0302, 0x0504, 0x0706, from_x, from_y, 0x0D0C, 0x0F0E};
  const __m512i mask = four_times(move.mask), sum = four_times(move.sum);
  const __m512i highest = four_times(most), order = four_times(bytes);
  Kept kept;
  for (; kept.of + 4 <= in.size(); kept.of += 4) {
    __m512i four = _mm512_shuffle_epi8(_mm512_loadu_si512(in.data() + kept.of), order);
    four = _mm512_add_epi16(_mm512_xor_si512(four, mask), sum);
    const unsigned inside = _mm512_cmpeq_epi64_mask(_mm512_min_epu16(four, highest), four) & 0xAAU;
    const auto halves = static_cast<__mmask8>(inside | inside >> 1);
    _mm512_storeu_si512(out.data() + kept.count, _mm512_maskz_compress_epi64(halves, four));
    kept.count += static_cast<std::size_t>(std::popcount(inside));
  }
  return kept;
}

}  // namespace

Kept keep_lanes(ConstEventSpan in, EventSpan out, const LaneMove& move, PixelGrid grid) noexcept {
  static const bool can = __builtin_cpu_supports("avx512bw");
  return can ? keep_fours(in, out, move, grid) : Kept{};
}
#else
Kept keep_lanes(ConstEventSpan, EventSpan, const LaneMove&, PixelGrid) noexcept { return {}; }
#endif

}  // namespace aestream
