// The launches of one representation without parts.
#pragma once

#include "accumulate/frame.hpp"
#include "accumulate/stacked_histogram.hpp"
#include "accumulate/time_surface.hpp"
#include "accumulate/voxel_grid.hpp"
#include "cuda/launcher.hpp"

namespace aestream::cuda {

/// `input` holds the rows with the axis that the representation asks for, `target` where their tensors go.
void launch(const Frame& frame, const Input& input, Target target, std::uint64_t events, Launcher& launcher);
void launch(const VoxelGrid& grid, const Input& input, Target target, std::uint64_t events, Launcher& launcher);
void launch(const StackedHistogram& stack, const Input& input, Target target, std::uint64_t events, Launcher& launcher);
void launch(const MixedDensity& stack, const Input& input, Target target, std::uint64_t events, Launcher& launcher);
void launch(const TimeSurface& surface, const Input& input, Target target, std::uint64_t events, Launcher& launcher);
void launch(const LatestTime& latest, const Input& input, Target target, std::uint64_t events, Launcher& launcher);

}  // namespace aestream::cuda
