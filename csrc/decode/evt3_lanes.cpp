// EVT3 words side by side: each lane has y and time from the last ADDR_Y and TIME_LOW before it.
#include "decode/evt3_lanes.hpp"

#include "decode/event_lanes.hpp"

namespace aestream::evt3 {

#if defined(__x86_64__)
namespace {

constexpr std::uint16_t stopping_types = 1u << Em | 1u << VectBaseX | 1u << Vect12 | 1u << Vect8 | 1u << TimeHigh;

AESTREAM_AVX2_INLINE __m256i all(std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }

AESTREAM_AVX2_INLINE unsigned of_type(__m256i type, Type wanted) {
  return lanes::set_of(_mm256_cmpeq_epi32(type, all(wanted)));
}

AESTREAM_AVX2
Progress decode_avx2(const std::uint8_t* in, std::size_t words, Evt3State& s, Event* out, std::size_t capacity) {
  const auto now = static_cast<std::uint64_t>(s.wrapped + s.time);
  const __m256i time_high = all(static_cast<std::uint32_t>(now >> 32)), repeated = all(TimeHigh << 12 | s.time >> 12);
  const __m256i time_middle = all(static_cast<std::uint32_t>(now) & ~low_bits);
  __m256i low = all(s.time & low_bits), y = all(s.y);
  std::size_t i = 0, n = 0;
  for (; i + lanes::count <= words && n + lanes::count <= capacity; i += lanes::count) {
    const __m256i word = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i * word_size)));
    const __m256i type = _mm256_srli_epi32(word, 12);
    const __m256i stops =
        _mm256_andnot_si256(_mm256_cmpeq_epi32(word, repeated),
                            _mm256_sllv_epi32(all(stopping_types << 16), _mm256_sub_epi32(all(15), type)));
    if (lanes::set_of(stops) != 0) break;
    const __m256i eleven = _mm256_and_si256(word, all(0x7FF));
    y = lanes::carry(eleven, of_type(type, AddrY), lanes::last_lane(y));
    low = lanes::carry(_mm256_and_si256(word, all(low_bits)), of_type(type, TimeLow), lanes::last_lane(low));
    const __m256i p = _mm256_and_si256(_mm256_srli_epi32(word, 11), all(1));
    n += lanes::store(
        {_mm256_or_si256(time_middle, low), time_high, _mm256_or_si256(eleven, _mm256_slli_epi32(y, 16)), p},
        of_type(type, AddrX), out + n);
  }
  s.time = (s.time & high) | static_cast<std::uint32_t>(_mm256_extract_epi32(low, 7));
  s.y = static_cast<std::uint32_t>(_mm256_extract_epi32(y, 7));
  return {i * word_size, n};
}

}  // namespace

bool has_lanes() {
  static const bool has = lanes::are_there();
  return has;
}

Progress decode_lanes(const std::uint8_t* in, std::size_t words, Evt3State& s, Event* out, std::size_t capacity) {
  return has_lanes() ? decode_avx2(in, words, s, out, capacity) : Progress{};
}
#else
bool has_lanes() { return false; }
Progress decode_lanes(const std::uint8_t*, std::size_t, Evt3State&, Event*, std::size_t) { return {}; }
#endif

}  // namespace aestream::evt3
