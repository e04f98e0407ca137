// One representation: in memory that a block shares where its tensor fits, else in the tensor itself or in cells beside it.
#include "cuda/tensors.hpp"

#include <bit>

namespace aestream::cuda {
namespace {

/// Tiles of a tensor for the memory of one block, if that pays: every tile reads all events of its row, and that should
/// take no longer than clearing and filling as much memory. A whole tensor is made in one go in any case.
struct Tiles {
  std::uint64_t size = 0;   // pixels of a tile; 0: no tiles
  std::uint64_t count = 0;  // of a row
  std::size_t bytes = 0;    // that one takes

  bool is_one() const { return count == 1; }
};

Tiles tiles_of(std::uint64_t pixels, std::uint64_t bytes_per_pixel, std::uint64_t events, std::uint32_t rows,
               const Launcher& launcher) {
  constexpr std::uint64_t step = 128;  // pixels, for stores of whole lines
  const std::uint64_t fitting = launcher.limits().shared_bytes / bytes_per_pixel;
  if (pixels <= fitting) return {(pixels + 3) / 4 * 4, 1, (pixels + 3) / 4 * 4 * bytes_per_pixel};
  const std::uint64_t size = fitting / step * step;
  const std::uint64_t events_bytes = events / std::max<std::uint32_t>(rows, 1) * sizeof(std::uint64_t);
  if (size == 0 || events_bytes > 2 * launcher.limits().shared_bytes) return {};
  return {size, (pixels + size - 1) / size, size * bytes_per_pixel};
}

/// One block of threads for each tile.
template <class Params>
void launch_tiles(const char* kernel, Params params, const Tiles& tiles, Launcher& launcher) {
  params.target.tile = tiles.size;
  const std::uint64_t blocks = std::min<std::uint64_t>(tiles.count * params.input.row_count, 0x7FFFFFFF);
  launcher.launch(kernel, params, static_cast<unsigned>(blocks), 1, 1024, tiles.bytes);
}

/// Bytes that saturate: in tiles of words if one is enough, else in tiles of bytes, else in the tensor itself. Rows in
/// which a byte has overflowed are made again.
template <class Params>
void launch_bytes(Params params, std::uint64_t pixels, const char* tiled, const char* kernel, const char* again,
                  std::uint64_t events, Launcher& launcher) {
  const std::uint64_t planes = params.target.elements / pixels;
  const std::uint32_t rows = params.input.row_count;
  const Tiles words = tiles_of(pixels, planes * sizeof(U32), events, rows, launcher);
  if (words.is_one()) return launch_tiles(tiled, params, words, launcher);
  params.again = launcher.take<U32>(rows);
  launcher.zero(params.again, rows);
  const Tiles bytes = tiles_of(pixels, planes, events, rows, launcher);
  if (bytes.size > 0) {
    params.byte_tiles = 1;
    launch_tiles(tiled, params, bytes, launcher);
  } else {
    launcher.clear_first(0);
    launcher.events(kernel, params, events);
  }
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
      input,   target, static_cast<Channels>(frame.polarity()), counts_of(frame.element()), frame.clip().value_or(0),
      nullptr, 0};
  const std::uint64_t pixels = std::uint64_t{input.width} * input.height;
  if (params.counts == Counts::UInt8) {
    params.clip = frame.element() == Element::Bool ? 1 : params.clip == 0 ? 255 : std::min(params.clip, 255U);
    return launch_bytes(params, pixels, "frame_tiles", "frame_bytes", "frame_bytes_again", events, launcher);
  }
  const Tiles tiles = tiles_of(pixels, target.elements / pixels * sizeof(U32), events, input.row_count, launcher);
  if (tiles.size > 0) {
    launch_tiles("frame_tiles", params, tiles, launcher);
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
  const std::uint64_t pixels = std::uint64_t{input.width} * input.height;
  const Tiles tiles = tiles_of(pixels, target.elements / pixels * sizeof(U32), events, input.row_count, launcher);
  if (tiles.size > 0) {
    launch_tiles("voxel_tiles", params, tiles, launcher);
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
  const HistogramParams params{input,   target, static_cast<U32>(stack.bins()), stack.cutoff(), stack.downsample(),
                               nullptr, 0};
  const std::uint64_t pixels = target.elements / (2 * stack.bins());
  if (pixels == 0) return;  // a sensor smaller than one step of the sampling
  launch_bytes(params, pixels, "histogram_tiles", "histogram_bytes", "histogram_bytes_again", events, launcher);
}

void launch(const MixedDensity& stack, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  const MixedParams params{input, target, static_cast<U32>(stack.bins()), stack.cutoff(), nullptr};
  const std::uint64_t pixels = std::uint64_t{input.width} * input.height;
  const Tiles tiles = tiles_of(pixels, stack.bins() * sizeof(U32), events, input.row_count, launcher);
  const std::uint64_t bytes = tiles.size > 0 ? 1 : target.elements * sizeof(U32);
  launcher.in_parts(params, bytes, [&](MixedParams& part) {
    part.edges = launcher.take<U64>(std::uint64_t{part.bins} * part.input.row_count);
    launcher.elements("mixed_edges", part, part.bins);
    if (tiles.size > 0) {
      launch_tiles("mixed_tiles", part, tiles, launcher);
    } else {
      launch_cells(part, "mixed_cells", "mixed_finish", 1, pixels, events, launcher);
    }
  });
}

void launch(const TimeSurface& surface, const Input& input, Target target, std::uint64_t events, Launcher& launcher) {
  const SurfaceParams params{input, target, surface.tau_us(), surface.is_exponential(),
                             static_cast<SurfacePolarity>(surface.polarity())};
  const bool is_signed = params.polarity == SurfacePolarity::Signed;
  const std::uint64_t pixels = std::uint64_t{input.width} * input.height, planes = target.elements / pixels;
  const std::uint64_t cell = is_signed ? sizeof(U64) : sizeof(U32);
  const Tiles tiles = tiles_of(pixels, planes * cell, events, input.row_count, launcher);
  if (tiles.size > 0) {
    launch_tiles("surface_tiles", params, tiles, launcher);
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
