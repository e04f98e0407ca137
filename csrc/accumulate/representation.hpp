// The representations by value: what one is, what its tensor looks like, and what accumulates it.
#pragma once

#include <memory>
#include <vector>

#include "accumulate/accumulator.hpp"

namespace aestream {

enum class Element { Float32, Float16, BFloat16, UInt8, Int8, Bool, Int64 };

constexpr std::size_t size_of(Element element) noexcept {
  switch (element) {
    case Element::Int64: return 8;
    case Element::Float32: return 4;
    case Element::Float16:
    case Element::BFloat16: return 2;
    default: return 1;
  }
}

/// Immutable; shared by all who accumulate by it.
class Representation {
 public:
  virtual ~Representation() = default;

  virtual Element element() const = 0;

  /// Lengths of the tensor's axes: channels, rows, columns, and before them steps where there are some.
  virtual std::vector<std::size_t> shape(Geometry geometry) const = 0;

  virtual std::unique_ptr<Accumulator> accumulator(Geometry geometry) const = 0;

  /// Elements of one tensor.
  std::size_t elements(Geometry geometry) const;
};

using RepresentationPtr = std::shared_ptr<const Representation>;

AccumulatorFactory make_accumulators(RepresentationPtr representation, Geometry geometry);

/// Image planes of whole pixels, as most representations are.
inline std::vector<std::size_t> planes(std::size_t channels, Geometry geometry) {
  return {channels, geometry.height, geometry.width};
}

}  // namespace aestream
