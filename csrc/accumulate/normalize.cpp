// What is normalised is gathered first: most of a window's grid is zero.
#include "accumulate/normalize.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>

#include "accumulate/place_list.hpp"
#include "core/buffer_pool.hpp"
#include "core/multiversion.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aestream {
namespace {

constexpr std::size_t line = 16;  // elements that are looked at together

/// Bit k is set where the k-th element of a line is above the floor in size.
inline std::uint32_t above(const float* elements, float floor) {
#if defined(__SSE2__)
  const __m128 sign = _mm_set1_ps(-0.0F), floors = _mm_set1_ps(floor);
  std::uint32_t found = 0;
  for (unsigned k = 0; k < line; k += 4) {
    const __m128 size = _mm_andnot_ps(sign, _mm_loadu_ps(elements + k));
    found |= static_cast<std::uint32_t>(_mm_movemask_ps(_mm_cmpgt_ps(size, floors))) << k;
  }
  return found;
#else
  std::uint32_t found = 0;
  for (unsigned k = 0; k < line; ++k) found |= (std::abs(elements[k]) > floor ? 1U : 0U) << k;
  return found;
#endif
}

/// The elements above the floor, which are few: most of a window's grid is zero.
void find_above(const float* elements, std::size_t size, float floor, PlaceList& found) {
  constexpr std::size_t part = 64 * line;  // whose places are reserved at once
  const std::size_t whole = size / line * line;
  for (std::size_t first = 0; first < whole; first += part) {
    std::uint32_t* const places = found.reserve(part);
    std::size_t count = 0;
    for (std::size_t i = first; i < std::min(first + part, whole); i += line) {
      for (std::uint32_t rest = above(elements + i, floor); rest != 0; rest &= rest - 1) {
        places[count++] = static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(rest));
      }
    }
    found.add(count);
  }
  for (std::size_t i = whole; i < size; ++i) {
    *found.reserve(1) = static_cast<std::uint32_t>(i);
    found.add(std::abs(elements[i]) > floor ? 1 : 0);
  }
}

/// The sum of f(value), in an order that is the same everywhere.
template <class F>
inline __attribute__((always_inline)) double sum_of(std::span<const float> values, const F& f) {
  double sums[line] = {};
  const std::size_t whole = values.size() / line * line;
  for (std::size_t i = 0; i < whole; i += line) {
    for (std::size_t k = 0; k < line; ++k) sums[k] += f(values[i + k]);
  }
  for (std::size_t i = whole; i < values.size(); ++i) sums[i - whole] += f(values[i]);
  return std::accumulate(sums, sums + line, 0.0);
}

/// (v - mean) / std, std with n - 1; v - mean where std is 0.
AESTREAM_MULTIVERSION
void normalize(std::span<float> values) {
  if (values.empty()) return;
  const auto count = static_cast<double>(values.size());
  const double mean = sum_of(values, [](float value) { return static_cast<double>(value); }) / count;
  const auto squared = [mean](float value) {
    const double off = static_cast<double>(value) - mean;
    return off * off;
  };
  const double deviation = count > 1 ? std::sqrt(sum_of(values, squared) / (count - 1)) : 0;
  const double factor = deviation > 0 ? 1 / deviation : 1;
  for (float& value : values) value = static_cast<float>((static_cast<double>(value) - mean) * factor);
}

}  // namespace

void normalize(float* elements, std::size_t size, float floor) {
  if (size > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("a grid too large to be normalized");
  PlaceList found;
  find_above(elements, size, floor, found);
  const auto places = found.places();
  const Buffer memory(places.size_bytes());
  const std::span values(memory.as<float>(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) values[i] = elements[places[i]];
  normalize(values);
  for (std::size_t i = 0; i < places.size(); ++i) elements[places[i]] = values[i];
}

}  // namespace aestream
