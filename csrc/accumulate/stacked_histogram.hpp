// Stacked histograms and mixed-density stacks: RVT's two inputs (github.com/uzh-rpg/RVT).
#pragma once

#include "accumulate/representation.hpp"

namespace aestream {

/// uint8 [2 * bins, rows, columns], OFF bins first: counts in bins min(bins * (t - first) / max(span, 1), bins - 1), whole
/// numbers, that stay at `cutoff`. With `downsample` d > 1 only pixel d / 2 of every d in a row and a column is kept.
class StackedHistogram final : public Representation {
 public:
  StackedHistogram(std::size_t bins, std::uint8_t cutoff, bool by_window, std::uint32_t downsample)
      : bins_(bins), cutoff_(cutoff), by_window_(by_window), downsample_(downsample) {}

  Element element() const override { return Element::UInt8; }
  std::vector<std::size_t> shape(Geometry geometry) const override {
    return {2 * bins_, geometry.height / downsample_, geometry.width / downsample_};
  }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  std::size_t bins() const noexcept { return bins_; }
  std::uint8_t cutoff() const noexcept { return cutoff_; }
  bool by_window() const noexcept { return by_window_; }
  std::uint32_t downsample() const noexcept { return downsample_; }

 private:
  std::size_t bins_;
  std::uint8_t cutoff_;
  bool by_window_;
  std::uint32_t downsample_;
};

/// int8 [bins, rows, columns]: sums of ±1 over windows that double in length, all of which end with the events; ±cutoff.
class MixedDensity final : public Representation {
 public:
  MixedDensity(std::size_t bins, std::uint8_t cutoff) : bins_(bins), cutoff_(cutoff) {}

  Element element() const override { return Element::Int8; }
  std::vector<std::size_t> shape(Geometry geometry) const override { return planes(bins_, geometry); }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  std::size_t bins() const noexcept { return bins_; }
  std::uint8_t cutoff() const noexcept { return cutoff_; }

 private:
  std::size_t bins_;
  std::uint8_t cutoff_;
};

}  // namespace aestream
