// TORE volumes (Baldwin et al., "Time-Ordered Recent Event Volumes", 2021) and HATS (Sironi et al., CVPR 2018).
#pragma once

#include <optional>

#include "accumulate/representation.hpp"

namespace aestream {

/// float32 [2 * k, rows, columns], OFF block then ON, newest first: max(0, ln(min(age, max_age) + 1) - ln(min_age + 1)) of the
/// k newest events of a pixel, ages in µs to the window's stop; a missing event has max_age.
class Tore final : public Representation {
 public:
  Tore(std::size_t k, double min_age_us, double max_age_us) : k_(k), min_age_us_(min_age_us), max_age_us_(max_age_us) {}

  Element element() const override { return Element::Float32; }
  std::vector<std::size_t> shape(Geometry geometry) const override { return planes(2 * k_, geometry); }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

 private:
  std::size_t k_;
  double min_age_us_, max_age_us_;
};

/// float32 [2, rows * S, columns * S], S = 2 * radius + 1, one tile a cell: the mean over a cell's events i of
/// exp(-(t_i - t_j) / tau), summed over the earlier events j of the same cell and polarity at each offset up to `radius`,
/// and of itself.
class AveragedTimeSurface final : public Representation {
 public:
  AveragedTimeSurface(std::uint32_t cell, std::uint32_t radius, double tau_us, std::optional<std::int64_t> max_age_us)
      : cell_(cell), radius_(radius), tau_us_(tau_us), max_age_us_(max_age_us) {}

  Element element() const override { return Element::Float32; }
  std::vector<std::size_t> shape(Geometry geometry) const override;
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

 private:
  std::uint32_t cell_, radius_;
  double tau_us_;
  std::optional<std::int64_t> max_age_us_;
};

}  // namespace aestream
