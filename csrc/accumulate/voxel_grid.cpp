// Voxel grids: times grow, so a bin's plane is zeroed only when events come near it, and is still in the cache then.
#include "accumulate/voxel_grid.hpp"

#include <algorithm>
#include <cstring>

#include "core/bytes.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

/// What scales a time to a position among the bins.
struct TimeScale {
  std::uint64_t start = 0;
  double per_us = 0;
  double last = 0;     // bins - 1
  int last_lower = 0;  // the last bin that has one above it, or the only one
};

/// The tensor and how much of it is zeroed.
struct Planes {
  float* data = nullptr;
  std::size_t pixels = 0;
  std::size_t bins = 0;
  std::size_t zeroed = 0;

  void zero_before(std::size_t bin) {
    if (bin <= zeroed) return;
    std::memset(data + zeroed * pixels, 0, (bin - zeroed) * pixels * sizeof(float));
    zeroed = bin;
  }
};

/// What some events add, and where: voxels are loaded all at once, since few of them are in a cache.
struct Batch {
  static constexpr std::size_t capacity = 128;

  std::size_t voxel[capacity];  // of the lower bin
  float lower[capacity];        // 0 for events outside the sensor, as is `upper`
  float upper[capacity];
  int last_bin = 0;  // the latest lower bin
  std::size_t outside = 0;
};

inline __attribute__((always_inline)) void place(const Event* events, std::size_t count, Geometry geometry,
                                                 const TimeScale& scale, Batch& batch) {
  const std::size_t pixels = std::size_t{geometry.width} * geometry.height;
  int last_bin = 0;
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = load_le64(reinterpret_cast<const std::uint8_t*>(&events[i]) + offsetof(Event, x));
    const auto x = static_cast<std::uint32_t>(bits(word, 0, 16)), y = static_cast<std::uint32_t>(bits(word, 16, 16));
    const bool inside = x < geometry.width && y < geometry.height;  // negative ones are large here
    const auto since = static_cast<std::int64_t>(static_cast<std::uint64_t>(events[i].t) - scale.start);
    const double position = std::clamp(static_cast<double>(since) * scale.per_us, 0.0, scale.last);
    const int bin = std::min(static_cast<int>(position), scale.last_lower);
    const auto sign = static_cast<float>(inside * (static_cast<int>(bits(word, 32, 1)) * 2 - 1));
    batch.upper[i] = static_cast<float>(position - bin) * sign;
    batch.lower[i] = sign - batch.upper[i];
    batch.voxel[i] = static_cast<std::size_t>(bin) * pixels + (inside ? y * geometry.width + x : 0);
    last_bin = std::max(last_bin, bin);
    outside += !inside;
  }
  batch.last_bin = last_bin;
  batch.outside = outside;
}

AESTREAM_MULTIVERSION
std::size_t add_events(ConstEventSpan events, Geometry geometry, const TimeScale& scale, Planes& planes) {
  std::size_t outside = 0;
  const std::size_t to_upper = planes.bins > 1 ? planes.pixels : 0;  // the one bin there is takes both parts
  for (std::size_t first = 0; first < events.size(); first += Batch::capacity) {
    Batch batch;
    const std::size_t count = std::min(Batch::capacity, events.size() - first);
    place(events.data() + first, count, geometry, scale, batch);
    outside += batch.outside;
    planes.zero_before(std::min(static_cast<std::size_t>(batch.last_bin) + 2, planes.bins));
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(planes.data + batch.voxel[i], 1);
      __builtin_prefetch(planes.data + batch.voxel[i] + to_upper, 1);
    }
    for (std::size_t i = 0; i < count; ++i) {
      float* voxel = planes.data + batch.voxel[i];
      voxel[0] += batch.lower[i];
      voxel[to_upper] += batch.upper[i];
    }
  }
  return outside;
}

class VoxelGridAccumulator final : public Accumulator {
 public:
  VoxelGridAccumulator(std::size_t bins, Geometry geometry)
      : bins_(bins), geometry_(geometry), pixels_(std::size_t{geometry.width} * geometry.height) {}

  std::size_t size() const override { return bins_ * pixels_ * sizeof(float); }
  bool needs_times() const override { return true; }

  void begin(std::uint8_t* out, std::int64_t start_us, std::int64_t stop_us) override {
    const auto last = static_cast<double>(bins_ - 1);
    const auto length = static_cast<double>(static_cast<std::uint64_t>(stop_us) - static_cast<std::uint64_t>(start_us));
    scale_ = {static_cast<std::uint64_t>(start_us), stop_us > start_us ? last / length : 0, last,
              std::max(static_cast<int>(bins_) - 2, 0)};
    planes_ = {reinterpret_cast<float*>(out), pixels_, bins_, 0};
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override { outside_ += add_events(events, geometry_, scale_, planes_); }

  std::size_t finish() override {
    planes_.zero_before(bins_);
    return outside_;
  }

 private:
  std::size_t bins_;
  Geometry geometry_;
  std::size_t pixels_;
  TimeScale scale_;
  Planes planes_;
  std::size_t outside_ = 0;
};

}  // namespace

AccumulatorFactory make_accumulator(const VoxelGridSpec& spec, Geometry geometry) {
  return [spec, geometry] { return std::make_unique<VoxelGridAccumulator>(spec.bins, geometry); };
}

}  // namespace aestream
