// Voxel grids: polarity spread over time bins (Zhu et al., CVPR 2019, "Unsupervised Event-based Learning of Optical Flow,
// Depth, and Egomotion"), and its relatives in other programs.
#pragma once

#include "accumulate/representation.hpp"

namespace aestream {

inline constexpr std::int64_t max_bins = 1 << 16;

struct VoxelGridOptions {
  enum class Align { Edges, Centers };              // bin b lies at b / (bins - 1) of the axis, or at (b + 1/2) / bins
  enum class Polarity { Signed, Split, Cube };      // ±1; OFF bins, then ON bins; channel 2 * bin + polarity
  enum class Normalize { None, NonZero, Residue };  // over voxels that are not 0, or above 1e-6

  std::size_t bins = 1;
  bool by_window = true;  // the axis: the window, or from the first event to the latest
  Align align = Align::Edges;
  Polarity polarity = Polarity::Signed;
  Normalize normalize = Normalize::None;
  double clip = 0;  // after every event; 0: never
  double scale = 1;
};

/// An event at t* adds 1 - |t* - b| to the bins b on both sides of it; on edges t* is clamped to [0, bins - 1]. Events are
/// added in their order, so results are the same to the bit.
class VoxelGrid final : public Representation {
 public:
  explicit VoxelGrid(const VoxelGridOptions& options) : options_(options) {}

  Element element() const override { return Element::Float32; }
  std::vector<std::size_t> shape(Geometry geometry) const override {
    return planes(options_.bins * (options_.polarity == VoxelGridOptions::Polarity::Signed ? 1 : 2), geometry);
  }
  std::unique_ptr<Accumulator> accumulator(Geometry geometry) const override;

  const VoxelGridOptions& options() const noexcept { return options_; }

 private:
  VoxelGridOptions options_;
};

}  // namespace aestream
