// Dropping at random: each event, or each pixel with all its events, by a number that depends on the seed and its place.
#pragma once

#include "filter/filter.hpp"

namespace aestream {

/// A probability in 2^-32; 2^32 is certain.
using Probability32 = std::uint64_t;

/// The 64 random bits at a place: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) entered at that place.
inline std::uint64_t random_bits(std::uint64_t seed, std::uint64_t place) noexcept {
  std::uint64_t z = seed + (place + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Drops the n-th event if the upper 32 bits of random_bits(seed, n) lie below the probability.
class DropEvents final : public Filter {
 public:
  DropEvents(Probability32 probability, std::uint64_t seed) : probability_(probability), seed_(seed) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  Probability32 probability_;
  std::uint64_t seed_;
  std::uint64_t ordinal_ = 0;
};

/// Drops all events of a pixel alike, by random_bits(seed, y << 16 | x). Events outside the sensor stay.
class DropPixels final : public Filter {
 public:
  DropPixels(Probability32 probability, std::uint64_t seed, PixelGrid grid)
      : probability_(probability), seed_(seed), grid_(grid) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  Probability32 probability_;
  std::uint64_t seed_;
  PixelGrid grid_;
};

}  // namespace aestream
