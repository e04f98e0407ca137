// Frames: how many events each pixel had in the window.
#pragma once

#include <optional>

#include "accumulate/representation.hpp"

namespace aestream {

class Frame final : public Representation {
 public:
  enum class Polarity { Split, Sum, Difference };  // channels: OFF and ON; ON + OFF; ON - OFF

  /// Integers saturate; Float16 and BFloat16 are the exact count, rounded once. Counts above `clip`, and differences
  /// below -clip, stay there. Integers and Bool have no Difference.
  Frame(Polarity polarity, Element element, std::optional<std::uint32_t> clip)
      : polarity_(polarity), element_(element), clip_(clip) {}

  Element element() const override { return element_; }
  std::vector<std::size_t> shape(Geometry geometry) const override {
    return planes(polarity_ == Polarity::Split ? 2 : 1, geometry);
  }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  Polarity polarity() const noexcept { return polarity_; }
  std::optional<std::uint32_t> clip() const noexcept { return clip_; }

 private:
  Polarity polarity_;
  Element element_;
  std::optional<std::uint32_t> clip_;
};

}  // namespace aestream
