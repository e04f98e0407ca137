// The representations by value: what one is, what its tensor looks like, and what accumulates it.
#pragma once

#include <variant>

#include "accumulate/frame.hpp"
#include "accumulate/voxel_grid.hpp"

namespace aestream {

/// A new representation is one alternative here, with `channels()`, `is_float()` and a make_accumulator().
using Representation = std::variant<FrameSpec, VoxelGridSpec>;

inline std::size_t channels(const Representation& representation) {
  return std::visit([](const auto& spec) { return spec.channels(); }, representation);
}

/// Whether tensors are float32; otherwise they are uint8.
inline bool is_float(const Representation& representation) {
  return std::visit([](const auto& spec) { return spec.is_float(); }, representation);
}

inline AccumulatorFactory make_accumulator(const Representation& representation, Geometry geometry) {
  return std::visit([&](const auto& spec) { return make_accumulator(spec, geometry); }, representation);
}

}  // namespace aestream
