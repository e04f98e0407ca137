// Voxel grids: signed polarity spread over time bins (Zhu et al., CVPR 2019, "Unsupervised Event-based Learning of
// Optical Flow, Depth, and Egomotion").
#pragma once

#include "accumulate/accumulator.hpp"

namespace aestream {

inline constexpr std::int64_t max_bins = 1 << 16;

struct VoxelGridSpec {
  std::size_t bins = 1;

  std::size_t channels() const noexcept { return bins; }
  bool is_float() const noexcept { return true; }
};

/// An event at t* = (t - start) / (stop - start) * (bins - 1), clamped to [0, bins - 1], adds ±(1 - |t* - b|) to the
/// bins b on both sides of it. Events are added in their order, so results are the same to the bit.
AccumulatorFactory make_accumulator(const VoxelGridSpec& spec, Geometry geometry);

}  // namespace aestream
