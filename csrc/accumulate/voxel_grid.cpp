// Voxel grids: voxels of a batch of events are found first and loaded all at once, since few of them are in a cache.
#include "accumulate/voxel_grid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "accumulate/pixel.hpp"
#include "accumulate/planes.hpp"
#include "core/buffer_pool.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

using Options = VoxelGridOptions;

/// From a time to a position among the bins, and from a bin and a pixel to a voxel.
struct Grid {
  std::uint64_t start = 0;
  double per_us = 0, offset = 0;   // position = since * per_us + offset
  double lowest = 0, highest = 0;  // positions
  int bins = 1;
  bool centers = false, is_signed = true;
  std::size_t bin_step = 0, on_step = 0;  // elements
  float scale = 1, most = 0;
};

struct Batch {
  static constexpr std::size_t capacity = 128;

  std::size_t voxel[capacity];  // of the lower bin
  float lower[capacity];        // 0 for events outside the sensor, as is `upper`
  float upper[capacity];
  int last_bin = 0;  // the latest lower bin
  std::size_t outside = 0;
};

template <bool centers>
inline __attribute__((always_inline)) void place(const Event* events, std::size_t count, Geometry geometry,
                                                 const Grid& grid, Batch& batch) {
  const int last_lower = std::max(grid.bins - 2, 0);
  int last_bin = 0;
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Pixel pixel(events[i]);
    const bool inside = pixel.inside(geometry);
    const auto since = static_cast<std::int64_t>(static_cast<std::uint64_t>(events[i].t) - grid.start);
    double position = std::clamp(static_cast<double>(since) * grid.per_us + grid.offset, grid.lowest, grid.highest);
    int bin = 0;
    float sum = 1;
    if constexpr (centers) {  // half a bin at either end has one neighbour only
      const double nearest = std::clamp(position, 0.0, static_cast<double>(grid.bins - 1));
      sum = static_cast<float>(1 - std::abs(position - nearest));
      position = nearest;
    }
    bin = std::min(static_cast<int>(position), last_lower);
    const float sign = grid.is_signed ? static_cast<float>(static_cast<int>(pixel.on) * 2 - 1) : 1.0F;
    const float weight = inside ? sign * sum * grid.scale : 0.0F;
    batch.upper[i] = static_cast<float>(position - bin) * weight;
    batch.lower[i] = weight - batch.upper[i];
    batch.voxel[i] =
        static_cast<std::size_t>(bin) * grid.bin_step + pixel.on * grid.on_step + (inside ? pixel.index(geometry) : 0);
    last_bin = std::max(last_bin, bin);
    outside += !inside;
  }
  batch.last_bin = last_bin;
  batch.outside = outside;
}

void add_batch(const Batch& batch, std::size_t count, std::size_t to_upper, float* data) {
  for (std::size_t i = 0; i < count; ++i) {
    float* voxel = data + batch.voxel[i];
    voxel[0] += batch.lower[i];
    voxel[to_upper] += batch.upper[i];
  }
}

void add_batch_clipped(const Batch& batch, std::size_t count, std::size_t to_upper, float most, float* data) {
  for (std::size_t i = 0; i < count; ++i) {
    float* voxel = data + batch.voxel[i];
    voxel[0] = std::clamp(voxel[0] + batch.lower[i], -most, most);
    voxel[to_upper] = std::clamp(voxel[to_upper] + batch.upper[i], -most, most);
  }
}

template <bool centers>
inline __attribute__((always_inline)) std::size_t add_some(ConstEventSpan events, Geometry geometry, const Grid& grid,
                                                           Planes<float>& planes) {
  std::size_t outside = 0;
  const std::size_t to_upper = grid.bins > 1 ? grid.bin_step : 0;  // the one bin there is takes both parts
  for (std::size_t first = 0; first < events.size(); first += Batch::capacity) {
    Batch batch;
    const std::size_t count = std::min(Batch::capacity, events.size() - first);
    place<centers>(events.data() + first, count, geometry, grid, batch);
    outside += batch.outside;
    planes.zero_before(std::min(static_cast<std::size_t>(batch.last_bin) + 2, planes.bins));
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(planes.data + batch.voxel[i], 1);
      __builtin_prefetch(planes.data + batch.voxel[i] + to_upper, 1);
    }
    grid.most > 0 ? add_batch_clipped(batch, count, to_upper, grid.most, planes.data)
                  : add_batch(batch, count, to_upper, planes.data);
  }
  return outside;
}

AESTREAM_MULTIVERSION
std::size_t add_events(ConstEventSpan events, Geometry geometry, const Grid& grid, Planes<float>& planes) {
  return grid.centers ? add_some<true>(events, geometry, grid, planes)
                      : add_some<false>(events, geometry, grid, planes);
}

constexpr std::size_t line = 16;  // voxels that are looked at together

/// The lines that hold anything: most of a window's grid is zero. Returns how many.
AESTREAM_MULTIVERSION
std::size_t find_lines(const float* voxels, std::size_t count, std::uint32_t* lines) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t any = 0;
    for (std::size_t k = 0; k < line; ++k) any |= std::bit_cast<std::uint32_t>(voxels[i * line + k]) << 1;
    lines[found] = static_cast<std::uint32_t>(i);
    found += any != 0;
  }
  return found;
}

/// Of the voxels above a floor; a sum per place in a line, so that they are added at once, and in one order everywhere.
struct Moments {
  double count[line] = {}, sum[line] = {}, squares[line] = {};

  inline __attribute__((always_inline)) void add(const float* voxels, float floor) {
    for (std::size_t k = 0; k < line; ++k) {
      const bool counts = std::abs(voxels[k]) > floor;
      const float weight = counts ? 1.0F : 0.0F, value = counts ? voxels[k] : 0.0F;
      count[k] += static_cast<double>(weight);
      sum[k] += static_cast<double>(value);
    }
  }

  inline __attribute__((always_inline)) void add_squares(const float* voxels, float floor, double mean) {
    for (std::size_t k = 0; k < line; ++k) {
      const float weight = std::abs(voxels[k]) > floor ? 1.0F : 0.0F;
      const double off = (static_cast<double>(voxels[k]) - mean) * static_cast<double>(weight);
      squares[k] += off * off;
    }
  }

  static double total(const double* parts) { return std::accumulate(parts, parts + line, 0.0); }
};

inline __attribute__((always_inline)) void scale(float* voxels, float floor, double mean, double factor) {
  for (std::size_t k = 0; k < line; ++k) {
    const auto scaled = static_cast<float>((static_cast<double>(voxels[k]) - mean) * factor);
    voxels[k] = std::abs(voxels[k]) > floor ? scaled : voxels[k];
  }
}

/// (v - mean) / std over the voxels above `floor`, std with n - 1; v - mean where std is 0. `lines` are those that hold
/// anything; the voxels behind the last whole line are looked at in any case.
AESTREAM_MULTIVERSION
void normalize(float* voxels, std::size_t size, float floor, std::span<const std::uint32_t> lines) {
  float rest[line] = {};
  const std::size_t whole = size / line * line;
  std::copy(voxels + whole, voxels + size, rest);
  Moments moments;
  for (const std::size_t i : lines) moments.add(voxels + i * line, floor);
  moments.add(rest, floor);
  const double count = Moments::total(moments.count);
  if (count == 0) return;
  const double mean = Moments::total(moments.sum) / count;
  for (const std::size_t i : lines) moments.add_squares(voxels + i * line, floor, mean);
  moments.add_squares(rest, floor, mean);
  const double deviation = count > 1 ? std::sqrt(Moments::total(moments.squares) / (count - 1)) : 0;
  const double factor = deviation > 0 ? 1 / deviation : 1;
  for (const std::size_t i : lines) scale(voxels + i * line, floor, mean, factor);
  scale(rest, floor, mean, factor);
  std::copy_n(rest, size - whole, voxels + whole);
}

class VoxelGridAccumulator final : public Accumulator {
 public:
  VoxelGridAccumulator(const Options& options, Geometry geometry) : options_(options), geometry_(geometry) {
    const bool interleaved = options.polarity == Options::Polarity::Cube;
    planes_.plane = geometry.pixels() * (interleaved ? 2 : 1);
    planes_.bins = options.bins;
    planes_.blocks = options.polarity == Options::Polarity::Split ? 2 : 1;
    grid_.bins = static_cast<int>(options.bins);
    grid_.centers = options.align == Options::Align::Centers;
    grid_.is_signed = options.polarity == Options::Polarity::Signed;
    grid_.bin_step = planes_.plane;
    grid_.on_step = grid_.is_signed ? 0 : interleaved ? geometry.pixels() : geometry.pixels() * options.bins;
    grid_.scale = static_cast<float>(options.scale);
    grid_.most = static_cast<float>(options.clip);
  }

  std::size_t size() const override { return planes_.elements() * sizeof(float); }
  Needs needs() const override { return options_.by_window ? Needs::Window : Needs::Events; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    const TimeSpan span = options_.by_window ? axis.window : TimeSpan{axis.events.start, axis.events.stop - 1};
    const auto length =
        static_cast<double>(static_cast<std::uint64_t>(span.stop) - static_cast<std::uint64_t>(span.start));
    const auto bins = static_cast<double>(options_.bins);
    const double positions = grid_.centers ? bins : bins - 1;
    grid_.start = static_cast<std::uint64_t>(span.start);
    grid_.per_us = span.stop > span.start ? positions / length : 0;
    grid_.offset = grid_.centers ? -0.5 : 0;
    grid_.lowest = grid_.offset;
    grid_.highest = grid_.offset + positions;
    planes_.data = reinterpret_cast<float*>(out);
    planes_.zeroed = 0;
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override { outside_ += add_events(events, geometry_, grid_, planes_); }

  std::size_t finish() override {
    planes_.zero_before(planes_.bins);
    if (options_.normalize != Options::Normalize::None) {
      const float floor = options_.normalize == Options::Normalize::Residue ? 1e-6F : 0.0F;
      const std::size_t size = planes_.elements();
      const Buffer memory(size / line * sizeof(std::uint32_t) + sizeof(std::uint32_t));
      auto* const lines = memory.as<std::uint32_t>();
      normalize(planes_.data, size, floor, {lines, find_lines(planes_.data, size / line, lines)});
    }
    return outside_;
  }

 private:
  Options options_;
  Geometry geometry_;
  Grid grid_;
  Planes<float> planes_;
  std::size_t outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> VoxelGrid::accumulator(Geometry geometry) const {
  return std::make_unique<VoxelGridAccumulator>(options_, geometry);
}

}  // namespace aestream
