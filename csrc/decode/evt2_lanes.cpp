// EVT2 words side by side: each lane has its clock from the last TIME_HIGH before it.
#include "decode/evt2_lanes.hpp"

#include "decode/event_lanes.hpp"

namespace aestream::evt2 {

#if defined(__x86_64__)
namespace {

AESTREAM_AVX2
Progress decode_avx2(const std::uint8_t* in, std::size_t words, std::int64_t& base, std::int64_t wraps, Event* out,
                     std::size_t capacity) {
  const __m256i one_before = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
  const __m256i eleven = _mm256_set1_epi32(0x7FF), time_bits = _mm256_set1_epi32(0x0FFF'FFFF);
  const __m256i wrapped = _mm256_set1_epi32(static_cast<int>(wraps >> 32));  // a multiple of 2^34
  __m256i now = _mm256_set1_epi32(static_cast<int>(base >> 6));
  std::size_t i = 0, n = 0;
  for (; i + lanes::count <= words && n + lanes::count <= capacity; i += lanes::count) {
    const __m256i word = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + i * 4));
    const __m256i type = _mm256_srli_epi32(word, 28);
    const unsigned times = lanes::set_of(_mm256_cmpeq_epi32(type, _mm256_set1_epi32(8)));
    const unsigned events = lanes::set_of(_mm256_cmpgt_epi32(_mm256_set1_epi32(2), type));
    const __m256i high = lanes::carry(_mm256_and_si256(word, time_bits), times, now);
    const __m256i before = _mm256_blend_epi32(_mm256_permutevar8x32_epi32(high, one_before), now, 1);
    if (lanes::set_of(_mm256_cmpgt_epi32(before, high)) != 0) [[unlikely]]
      break;
    now = lanes::last_lane(high);
    const __m256i low = _mm256_and_si256(_mm256_srli_epi32(word, 22), _mm256_set1_epi32(63));
    const __m256i x = _mm256_and_si256(_mm256_srli_epi32(word, 11), eleven), y = _mm256_and_si256(word, eleven);
    n += lanes::store(
        {_mm256_or_si256(_mm256_slli_epi32(high, 6), low), _mm256_add_epi32(_mm256_srli_epi32(high, 26), wrapped),
         _mm256_or_si256(x, _mm256_slli_epi32(y, 16)), type},
        events, out + n);
  }
  base = std::int64_t{_mm256_extract_epi32(now, 0)} << 6;
  return {i * 4, n};
}

}  // namespace

Progress decode_lanes(const std::uint8_t* in, std::size_t words, std::int64_t& base, std::int64_t wraps, Event* out,
                      std::size_t capacity) {
  static const bool can = lanes::are_there();
  return can ? decode_avx2(in, words, base, wraps, out, capacity) : Progress{};
}
#else
Progress decode_lanes(const std::uint8_t*, std::size_t, std::int64_t&, std::int64_t, Event*, std::size_t) { return {}; }
#endif

}  // namespace aestream::evt2
