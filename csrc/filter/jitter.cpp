// Jitter. Logarithm, sine and cosine are polynomials of Cephes (Moshier): a library's differ from machine to machine. For
// the same reason this file is compiled without fused multiply-adds.
#include "filter/jitter.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/multiversion.hpp"
#include "filter/random_drop.hpp"

namespace aestream {
namespace {

constexpr std::size_t chunk = 256;  // pairs, whose numbers stay in L1

inline float logarithm(float value) noexcept {
  const auto word = std::bit_cast<std::int32_t>(value);
  const std::int32_t exponent = (word - 0x3F3504F3) >> 23;  // the mantissa lies between the root of 1/2 and that of 2
  const float f = std::bit_cast<float>(word - exponent * (1 << 23)) - 1.0F;
  const float square = f * f;
  float p = 7.0376836292e-2F;
  for (const float c : {-1.1514610310e-1F, 1.1676998740e-1F, -1.2420140846e-1F, 1.4249322787e-1F, -1.6668057665e-1F,
                        2.0000714765e-1F, -2.4999993993e-1F, 3.3333331174e-1F}) {
    p = p * f + c;
  }
  return static_cast<float>(exponent) * 0.69314718056F + (f - 0.5F * square + f * square * p);
}

/// Of an angle from 0 to a quarter of pi.
inline float sine(float angle) noexcept {
  const float square = angle * angle;
  const float p = (-1.9515295891e-4F * square + 8.3321608736e-3F) * square - 1.6666654611e-1F;
  return angle + angle * square * p;
}

inline float cosine(float angle) noexcept {
  const float square = angle * angle;
  const float p = (2.443315711809948e-5F * square - 1.388731625493765e-3F) * square + 4.166664568298827e-2F;
  return 1.0F - 0.5F * square + square * square * p;
}

AESTREAM_MULTIVERSION
void box_muller(const std::uint64_t* bits, std::size_t count, float* even, float* odd) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto upper = static_cast<std::int32_t>(bits[i] >> 33), lower = static_cast<std::int32_t>(bits[i]);
    const float radius = std::sqrt(-2.0F * logarithm((static_cast<float>(upper) + 0.5F) * 0x1p-31F));
    const float angle = static_cast<float>(lower & 0x1FFFFFFF) * (0.78539816340F * 0x1p-29F);  // within an octant
    const float s = sine(angle), c = cosine(angle);
    const bool is_swapped = (lower & (1 << 29)) != 0;
    even[i] = radius * ((lower & (1 << 30)) != 0 ? -1.0F : 1.0F) * (is_swapped ? s : c);
    odd[i] = radius * (lower < 0 ? -1.0F : 1.0F) * (is_swapped ? c : s);
  }
}

}  // namespace

void normal_pairs(std::uint64_t seed, std::uint64_t first_pair, std::size_t count, float* even, float* odd) {
  std::uint64_t bits[chunk];
  for (std::size_t begin = 0; begin < count; begin += chunk) {
    const std::size_t some = std::min(chunk, count - begin);
    for (std::size_t i = 0; i < some; ++i) bits[i] = random_bits(seed, first_pair + begin + i);
    box_muller(bits, some, even + begin, odd + begin);
  }
}

std::int64_t TimeJitter::jittered(std::int64_t time, float normal) const noexcept {
  constexpr double most = 0x1p60;
  const auto noise = static_cast<std::int64_t>(std::nearbyint(std::clamp(normal * std_us_, -most, most)));
  std::int64_t sum = 0;
  if (__builtin_add_overflow(time, noise, &sum)) sum = time;
  if (start_ && time >= *start_) sum = std::max(sum, *start_);
  if (stop_ && time < *stop_) sum = std::min(sum, *stop_ - 1);
  return sum;
}

std::size_t TimeJitter::apply(ConstEventSpan in, EventSpan out) {
  float normal[2][chunk];
  for (std::size_t i = 0; i < in.size();) {
    const std::uint64_t first_pair = ordinal_ / 2;
    const std::size_t count = std::min(in.size() - i, static_cast<std::size_t>((first_pair + chunk) * 2 - ordinal_));
    normal_pairs(seed_, first_pair, chunk, normal[0], normal[1]);
    for (const std::size_t end = i + count; i < end; ++i, ++ordinal_) {
      Event event = in[i];
      event.t = jittered(event.t, normal[ordinal_ % 2][ordinal_ / 2 - first_pair]);
      out[i] = event;
    }
  }
  return in.size();
}

std::size_t SpatialJitter::apply(ConstEventSpan in, EventSpan out) {
  constexpr float most = 65534;  // from anywhere to outside
  float dx[chunk], dy[chunk];
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < in.size(); begin += chunk) {
    const std::size_t count = std::min(chunk, in.size() - begin);
    normal_pairs(seed_, ordinal_, count, dx, dy);
    ordinal_ += count;
    for (std::size_t i = 0; i < count; ++i) {
      const Event& event = in[begin + i];
      const int x = event.x + static_cast<int>(std::nearbyint(std::clamp(dx[i] * std_, -most, most)));
      const int y = event.y + static_cast<int>(std::nearbyint(std::clamp(dy[i] * std_, -most, most)));
      const bool stays = static_cast<std::uint32_t>(x) < grid_.width && static_cast<std::uint32_t>(y) < grid_.height;
      const bool was_inside = grid_.holds(event);
      Event moved = event;
      moved.x = static_cast<std::int16_t>(was_inside ? x : event.x);
      moved.y = static_cast<std::int16_t>(was_inside ? y : event.y);
      out[kept] = moved;
      kept += stays || !was_inside;
    }
  }
  return kept;
}

}  // namespace aestream
