// What the latest event of each pixel says: its time, or how long ago that was.
#pragma once

#include "accumulate/representation.hpp"

namespace aestream {

/// float32: exp(-age / tau), or max(0, 1 - age / tau), of the pixel's latest event; 0 where none was. The latest is the one
/// of the largest time, of equal ones the last. Ages count to the window's stop.
class TimeSurface final : public Representation {
 public:
  enum class Polarity { Split, Signed, Merged };  // channels: OFF, ON; one, negative for OFF; one

  TimeSurface(double tau_us, bool exponential, Polarity polarity)
      : tau_us_(tau_us), exponential_(exponential), polarity_(polarity) {}

  Element element() const override { return Element::Float32; }
  std::vector<std::size_t> shape(Geometry geometry) const override {
    return planes(polarity_ == Polarity::Split ? 2 : 1, geometry);
  }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  double tau_us() const noexcept { return tau_us_; }
  bool is_exponential() const noexcept { return exponential_; }
  Polarity polarity() const noexcept { return polarity_; }

 private:
  double tau_us_;
  bool exponential_;
  Polarity polarity_;
};

/// int64: the largest time of the pixel's events, -1 where none was.
class LatestTime final : public Representation {
 public:
  explicit LatestTime(bool split) : split_(split) {}

  Element element() const override { return Element::Int64; }
  std::vector<std::size_t> shape(Geometry geometry) const override { return planes(split_ ? 2 : 1, geometry); }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  bool is_split() const noexcept { return split_; }

 private:
  bool split_;
};

/// float32 [4, rows, columns]: counts ON and OFF, and latest times ON and OFF since the window's start over their joint
/// maximum (EV-FlowNet).
class EventImage final : public Representation {
 public:
  Element element() const override { return Element::Float32; }
  std::vector<std::size_t> shape(Geometry geometry) const override { return planes(4, geometry); }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;
};

}  // namespace aestream
