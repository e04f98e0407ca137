// Voxel grids: voxels of a batch of events are found first, and of large planes loaded all at once: few of these are in a
// cache.
#include "accumulate/voxel_grid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "accumulate/normalize.hpp"
#include "accumulate/pixel.hpp"
#include "accumulate/places.hpp"
#include "accumulate/planes.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

using Options = VoxelGridOptions;

/// From a time to a position among the bins, and from a bin and a pixel to a voxel.
struct Grid {
  std::uint64_t start = 0;
  unsigned shift = 0;               // times after it count in steps of 2^shift µs: 1 µs in windows of up to 35 years
  double per_step = 0, offset = 0;  // position = since * per_step + offset
  double lowest = 0, highest = 0;   // positions
  int bins = 1;
  bool centers = false, is_signed = true;
  std::uint32_t bin_channels = 1, on_channels = 0;
  float scale = 1, most = 0;
};

constexpr std::int64_t most_since = std::int64_t{1} << 50;

struct Batch {
  static constexpr std::size_t capacity = 128;

  Places pixels;
  std::size_t voxel[capacity];  // of the lower bin
  float lower[capacity];        // 0 for events outside the sensor, as is `upper`
  float upper[capacity];
  std::size_t last_bin = 0;  // the latest lower bin
};

/// A whole number below 2^51 in size, as every compiler vectorises it.
inline double to_double(std::int64_t value) {
  constexpr double shifted = 0x1.8p52;  // whose last bit is worth 1
  return std::bit_cast<double>(value + std::bit_cast<std::int64_t>(shifted)) - shifted;
}

/// Loops, each over numbers of one size, for compilers.
template <bool centers>
inline __attribute__((always_inline)) void place(ConstEventSpan events, Geometry geometry, const Grid& grid,
                                                 Batch& batch) {
  const std::int32_t last_lower = std::max(grid.bins - 2, 0);
  const double last = grid.bins - 1;
  const auto plane = static_cast<std::uint32_t>(geometry.pixels());
  std::int32_t bins[Batch::capacity], last_bin = 0;
  std::uint32_t channels[Batch::capacity];
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto since = static_cast<std::int64_t>(static_cast<std::uint64_t>(events[i].t) - grid.start) >> grid.shift;
    double position = to_double(std::clamp(since, -most_since, most_since)) * grid.per_step + grid.offset;
    position = std::min(std::max(position, grid.lowest), grid.highest);
    float sum = grid.scale;
    if constexpr (centers) {  // half a bin at either end has one neighbour only
      const double nearest = std::min(std::max(position, 0.0), last);
      sum *= static_cast<float>(1 - std::abs(position - nearest));
      position = nearest;
    }
    bins[i] = std::min(static_cast<std::int32_t>(position), last_lower);
    batch.lower[i] = sum;
    batch.upper[i] = static_cast<float>(position - bins[i]);
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::uint32_t on = Pixel(events[i]).on;
    channels[i] = static_cast<std::uint32_t>(bins[i]) * grid.bin_channels + on * grid.on_channels;
    last_bin = std::max(last_bin, bins[i]);
    if (grid.is_signed) batch.lower[i] *= static_cast<float>(static_cast<std::int32_t>(on * 2) - 1);
  }
  batch.pixels.find(events, geometry, {});
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool is_outside = batch.pixels.is_outside(i);
    batch.voxel[i] = std::uint64_t{channels[i]} * plane + (is_outside ? 0 : batch.pixels[i]);
    const float weight = is_outside ? 0.0F : batch.lower[i];
    batch.upper[i] *= weight;
    batch.lower[i] = weight - batch.upper[i];
  }
  batch.last_bin = static_cast<std::size_t>(last_bin);
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
  const std::size_t to_upper = grid.bins > 1 ? planes.plane : 0;  // the one bin there is takes both parts
  const bool are_far = planes.plane * 2 * sizeof(float) > (std::size_t{1} << 20);  // smaller ones stay in L2
  Batch batch;
  while (!events.empty()) {
    const std::size_t count = std::min(Batch::capacity, events.size());
    place<centers>(events.first(count), geometry, grid, batch);
    outside += batch.pixels.outside();
    planes.zero_before(std::min(batch.last_bin + 2, planes.bins));
    for (std::size_t i = 0; are_far && i < count; ++i) {
      __builtin_prefetch(planes.data + batch.voxel[i], 1);
      __builtin_prefetch(planes.data + batch.voxel[i] + to_upper, 1);
    }
    grid.most > 0 ? add_batch_clipped(batch, count, to_upper, grid.most, planes.data)
                  : add_batch(batch, count, to_upper, planes.data);
    events = events.subspan(count);
  }
  return outside;
}

AESTREAM_MULTIVERSION
std::size_t add_events(ConstEventSpan events, Geometry geometry, const Grid& grid, Planes<float>& planes) {
  return grid.centers ? add_some<true>(events, geometry, grid, planes)
                      : add_some<false>(events, geometry, grid, planes);
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
    grid_.bin_channels = interleaved ? 2 : 1;
    grid_.on_channels = grid_.is_signed ? 0 : interleaved ? 1 : static_cast<std::uint32_t>(options.bins);
    grid_.scale = static_cast<float>(options.scale);
    grid_.most = static_cast<float>(options.clip);
  }

  std::size_t size() const override { return planes_.elements() * sizeof(float); }
  Needs needs() const override { return options_.by_window ? Needs::Window : Needs::Events; }
  bool starts_from_zeros() const override { return true; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    const TimeSpan span = options_.by_window ? axis.window : TimeSpan{axis.events.start, axis.events.stop - 1};
    const std::uint64_t length = static_cast<std::uint64_t>(span.stop) - static_cast<std::uint64_t>(span.start);
    const auto bins = static_cast<double>(options_.bins);
    const double positions = grid_.centers ? bins : bins - 1;
    grid_.start = static_cast<std::uint64_t>(span.start);
    grid_.shift = static_cast<unsigned>(std::max(0, static_cast<int>(std::bit_width(length)) - 50));
    const double steps = std::ldexp(static_cast<double>(length), -static_cast<int>(grid_.shift));
    grid_.per_step = span.stop > span.start ? positions / steps : 0;
    grid_.offset = grid_.centers ? -0.5 : 0;
    grid_.lowest = grid_.offset;
    grid_.highest = grid_.offset + positions;
    planes_.begin(out, axis.is_zeroed);
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override { outside_ += add_events(events, geometry_, grid_, planes_); }

  std::size_t finish() override {
    planes_.zero_before(planes_.bins);
    if (options_.normalize != Options::Normalize::None) {
      const float floor = options_.normalize == Options::Normalize::Residue ? 1e-6F : 0.0F;
      normalize(planes_.data, planes_.elements(), floor);
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
