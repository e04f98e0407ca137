// One representation: in memory that a block shares where its tensor fits, else in the tensor itself or in cells beside it.
#include "cuda/tensors.hpp"

#include <bit>

namespace aestream::cuda {
namespace {

/// Whether a block has room for a whole tensor: then nothing is cleared, and the tensor is written once.
bool fits(std::uint64_t words, const Launcher& launcher) {
  return words * sizeof(std::uint32_t) <= launcher.limits().shared_bytes;
}

/// Bytes that saturate: all threads at once, and then the rows again in which one has overflowed.
template <class Params>
void launch_bytes(Params params, const char* kernel, const char* again, std::uint64_t events, Launcher& launcher) {
  launcher.clear_first(0);
  params.again = launcher.take<U32>(params.input.row_count);
  launcher.zero(params.again, params.input.row_count);
  launcher.events(kernel, params, events);
  launcher.rows_alone(again, params, 0);
}

Counts counts_of(Element element) {
  switch (element) {
    case Element::Float32: return Counts::Float32;
    case Element::Float16: return Counts::Float16;
    case Element::BFloat16: return Counts::BFloat16;
    default: return Counts::UInt8;
  }
}

/// Cells that a last pass turns into tensors.
template <class Params>
void launch_cells(const Params& params, const char* kernel, const char* finish, std::uint64_t words_per_element,
                  std::uint64_t finished, std::uint64_t events, Launcher& launcher) {
  const std::uint64_t words = params.target.elements * words_per_element;
  launcher.in_parts(params, words * sizeof(U32), [&](Params& part) {
    part.target.cells = launcher.take<U32>(words * part.input.row_count);
    launcher.zero(part.target.cells, words * part.input.row_count);
    launcher.events(kernel, part, events);
    launcher.elements(finish, part, finished);
  });
}

}  // namespace

void launch(const Frame& frame, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  FrameParams params{
      input,  target, static_cast<Channels>(frame.polarity()), counts_of(frame.element()), frame.clip().value_or(0),
      nullptr};
  const bool is_bytes = params.counts == Counts::UInt8;
  if (frame.element() == Element::Bool) params.clip = 1;
  if (is_bytes) params.clip = params.clip == 0 ? 255 : std::min(params.clip, 255U);
  if (fits(target.elements, launcher)) {
    launcher.rows_alone("frame_shared", params, target.elements * sizeof(U32));
  } else if (is_bytes) {
    launch_bytes(params, "frame_bytes", "frame_bytes_again", events, launcher);
  } else if (params.counts == Counts::Float32 && params.clip == 0) {
    launcher.clear_first(0);
    launcher.events("frame_float", params, events);
  } else {
    launch_cells(params, "frame_cells", "frame_finish", 1, target.elements, events, launcher);
  }
}

void launch(const VoxelGrid& grid, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  using Options = VoxelGridOptions;
  const Options& options = grid.options();
  const std::uint64_t capacity = std::bit_ceil(events / 64 + 64);  // 256 events carry once: filled to a quarter at most
  VoxelParams params{input,
                     target,
                     static_cast<U32>(options.bins),
                     options.align == Options::Align::Centers,
                     static_cast<VoxelPolarity>(options.polarity),
                     options.scale,
                     options.clip,
                     options.normalize == Options::Normalize::Residue ? 1e-6 : 0.0,
                     launcher.take<Carry>(capacity),
                     capacity,
                     launcher.take<U32>(1),
                     nullptr};
  launcher.zero(params.carries, capacity);
  launcher.zero(params.has_carries, 1);
  if (fits(target.elements, launcher)) {
    launcher.rows_alone("voxel_shared", params, target.elements * sizeof(U32));
  } else {
    launcher.clear_first(0);
    launcher.events("voxel_add", params, events);
    launcher.elements("voxel_finish", params, target.elements);
  }
  if (options.normalize == Options::Normalize::None) return;
  constexpr unsigned shares = 32, threads = 256;
  params.moments = launcher.take<Moments>(std::uint64_t{shares} * input.row_count);
  for (const char* kernel : {"voxel_sums", "voxel_squares", "voxel_normalize"}) {
    launcher.launch(kernel, params, shares, Launcher::rows(input), threads, threads * sizeof(double));
  }
}

void launch(const StackedHistogram& stack, const Input& input, Target target, std::uint64_t events,
            Launcher& launcher) {
  const HistogramParams params{input,  target, static_cast<U32>(stack.bins()), stack.cutoff(), stack.downsample(),
                               nullptr};
  if (fits(target.elements, launcher)) {
    launcher.rows_alone("histogram_shared", params, target.elements * sizeof(U32));
  } else {
    launch_bytes(params, "histogram_bytes", "histogram_bytes_again", events, launcher);
  }
}

void launch(const MixedDensity& stack, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  MixedParams params{input, target, static_cast<U32>(stack.bins()), stack.cutoff(), nullptr};
  const bool is_shared = fits(target.elements, launcher);
  const std::uint64_t bytes = is_shared ? 1 : target.elements * sizeof(U32);
  launcher.in_parts(params, bytes, [&](MixedParams& part) {
    part.edges = launcher.take<U64>(std::uint64_t{part.bins} * part.input.row_count);
    launcher.elements("mixed_edges", part, part.bins);
    if (is_shared) {
      launcher.rows_alone("mixed_shared", part, target.elements * sizeof(U32));
    } else {
      launch_cells(part, "mixed_cells", "mixed_finish", 1, target.elements / part.bins, events, launcher);
    }
  });
}

void launch(const TimeSurface& surface, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  const SurfaceParams params{input, target, surface.tau_us(), surface.is_exponential(),
                             static_cast<SurfacePolarity>(surface.polarity())};
  const bool is_signed = params.polarity == SurfacePolarity::Signed;
  const std::uint64_t words = target.elements * (is_signed ? 2 : 1);
  if (fits(words, launcher)) {
    launcher.rows_alone("surface_shared", params, words * sizeof(U32));
  } else if (is_signed) {
    launch_cells(params, "surface_latest_signed", "surface_finish_signed", 2, target.elements, events, launcher);
  } else {
    launcher.clear_first(0);
    launcher.events("surface_latest", params, events);
    launcher.elements("surface_finish", params, target.elements);
  }
}

void launch(const LatestTime& latest, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  const LatestParams params{input, target, latest.is_split()};
  launcher.clear_first(~0U);
  launcher.events("latest_time", params, events);
}

}  // namespace aestream::cuda
