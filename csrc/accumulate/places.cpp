// Places and the order of times, for whole blocks.
#include "accumulate/places.hpp"

#include <bit>

#include "accumulate/pixel.hpp"
#include "core/multiversion.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace aestream {
namespace {

AESTREAM_MULTIVERSION
std::size_t find_places(const Event* events, std::size_t count, std::uint32_t width, std::uint32_t height,
                        PlaceOfPolarity planes, std::uint32_t nowhere, std::uint32_t* places) {
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Pixel pixel(events[i]);
    const bool inside = (pixel.x < width) & (pixel.y < height);
    const std::uint32_t place = pixel.y * width + pixel.x + (pixel.on != 0 ? planes.on : planes.off);
    places[i] = inside ? place : nowhere;
    outside += !inside;
  }
  return outside;
}

struct Found {
  std::size_t count = 0;  // of events that were looked at
  std::size_t outside = 0;
};

#if defined(__x86_64__)

/// x and y lie side by side, as numbers that one instruction multiplies and adds: compilers do not see that.
__attribute__((target("avx512f,avx512bw"))) Found find_sixteens(const Event* events, std::size_t count,
                                                                Geometry geometry, PlaceOfPolarity planes,
                                                                std::uint32_t nowhere, std::uint32_t* places) {
  const auto pair = [](std::uint32_t x, std::uint32_t y) { return static_cast<int>(x | y << 16); };
  const __m512i words = _mm512_setr_epi32(2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  // Not inserti64x4 and shuffle_i64x2, of which gcc 12 warns that they use what is not initialised.
  const __m512i lower_halves = _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11);
  const __m512i upper_halves = _mm512_setr_epi64(4, 5, 6, 7, 12, 13, 14, 15);
  const __m512i factors = _mm512_set1_epi32(pair(1, geometry.width));
  const __m512i last = _mm512_set1_epi32(pair(geometry.width - 1, geometry.height - 1));
  const __m512i off = _mm512_set1_epi32(static_cast<int>(planes.off));
  const __m512i off_to_on = _mm512_set1_epi32(static_cast<int>(planes.on - planes.off));
  const __m512i none = _mm512_set1_epi32(static_cast<int>(nowhere)), one = _mm512_set1_epi32(1);
  Found found;
  for (; found.count + 16 <= count; found.count += 16) {
    const auto* const in = reinterpret_cast<const __m512i*>(events + found.count);
    const __m512i low = _mm512_permutex2var_epi32(_mm512_loadu_si512(in), words, _mm512_loadu_si512(in + 1));
    const __m512i high = _mm512_permutex2var_epi32(_mm512_loadu_si512(in + 2), words, _mm512_loadu_si512(in + 3));
    const __m512i xy = _mm512_permutex2var_epi64(low, lower_halves, high);
    const __m512i p = _mm512_permutex2var_epi64(low, upper_halves, high);
    const __mmask16 inside = _mm512_cmpeq_epi32_mask(_mm512_min_epu16(xy, last), xy);
    __m512i place = _mm512_add_epi32(_mm512_madd_epi16(xy, factors), off);
    place = _mm512_mask_add_epi32(place, _mm512_test_epi32_mask(p, one), place, off_to_on);
    _mm512_storeu_si512(places + found.count, _mm512_mask_mov_epi32(none, inside, place));
    found.outside += static_cast<std::size_t>(16 - std::popcount(static_cast<std::uint16_t>(inside)));
  }
  return found;
}

Found find_in_lanes(const Event* events, std::size_t count, Geometry geometry, PlaceOfPolarity planes,
                    std::uint32_t nowhere, std::uint32_t* places) {
  static const bool can = __builtin_cpu_supports("avx512bw");
  return can ? find_sixteens(events, count, geometry, planes, nowhere, places) : Found{};
}

#else
Found find_in_lanes(const Event*, std::size_t, Geometry, PlaceOfPolarity, std::uint32_t, std::uint32_t*) { return {}; }
#endif

AESTREAM_MULTIVERSION
bool has_no_step_back(const Event* events, std::size_t count) {
  std::uint64_t back = 0;
  for (std::size_t i = 1; i < count; ++i) back |= events[i].t < events[i - 1].t ? 1 : 0;
  return back == 0;
}

}  // namespace

void Places::find(ConstEventSpan events, Geometry geometry, PlaceOfPolarity planes) {
  const Found found = find_in_lanes(events.data(), events.size(), geometry, planes, nowhere, at_.data());
  outside_ = found.outside;
  if (found.count == events.size()) return;
  outside_ += find_places(events.data() + found.count, events.size() - found.count, geometry.width, geometry.height,
                          planes, nowhere, at_.data() + found.count);
}

bool rises(ConstEventSpan events, std::int64_t earliest) {
  return events.empty() || (events.front().t >= earliest && has_no_step_back(events.data(), events.size()));
}

}  // namespace aestream
