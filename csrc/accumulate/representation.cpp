// What all representations share.
#include "accumulate/representation.hpp"

#include <utility>

namespace aestream {

std::size_t Representation::elements(Geometry geometry) const {
  std::size_t product = 1;
  for (const std::size_t length : shape(geometry)) product *= length;
  return product;
}

AccumulatorFactory make_accumulators(RepresentationPtr representation, Geometry geometry) {
  return [representation = std::move(representation), geometry] { return representation->accumulator(geometry); };
}

}  // namespace aestream
