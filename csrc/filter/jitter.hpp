// Normal noise on times and places. What an event gets depends on the seed and its ordinal alone, on every machine.
#pragma once

#include <optional>

#include "filter/filter.hpp"

namespace aestream {

/// Normal numbers `first` to `first + 2 * count` of a seed, even ones to `even`, odd ones to `odd`: a pair is Box and
/// Muller's, in float32, of the random_bits at its place. Their magnitude is at most 6.7.
void normal_pairs(std::uint64_t seed, std::uint64_t first_pair, std::size_t count, float* even, float* odd);

/// Adds normal noise of `std_us` to times, to the nearest µs. A time not before `start` stays so, as does one before
/// `stop`.
class TimeJitter final : public Filter {
 public:
  TimeJitter(double std_us, std::uint64_t seed, std::optional<std::int64_t> start, std::optional<std::int64_t> stop)
      : std_us_(std_us), seed_(seed), start_(start), stop_(stop) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  std::int64_t jittered(std::int64_t time, float normal) const noexcept;

  double std_us_;
  std::uint64_t seed_;
  std::optional<std::int64_t> start_, stop_;
  std::uint64_t ordinal_ = 0;
};

/// Adds normal noise of `std` pixels to x and y, to the nearest pixel, and drops what leaves the sensor. Events outside
/// stay as they are.
class SpatialJitter final : public Filter {
 public:
  SpatialJitter(double std, std::uint64_t seed, PixelGrid grid)
      : std_(static_cast<float>(std)), seed_(seed), grid_(grid) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  float std_;
  std::uint64_t seed_;
  PixelGrid grid_;
  std::uint64_t ordinal_ = 0;
};

}  // namespace aestream
