// Voxel grids: since times grow, a bin's plane is zeroed when the first event comes near it, and so is still in the cache.
#include "accumulate/voxel_grid.hpp"

#include <algorithm>
#include <cstring>

#include "core/bytes.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

/// What scales a time to a position among the bins.
struct TimeScale {
  std::int64_t start = 0;
  double per_us = 0;
  double last = 0;  // bins - 1
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

AESTREAM_MULTIVERSION
std::size_t add_events(ConstEventSpan events, Geometry geometry, TimeScale scale, Planes& planes) {
  std::size_t outside = 0;
  const std::size_t to_upper = planes.bins > 1 ? planes.pixels : 0;  // the one bin there is takes both parts
  const int last_lower = static_cast<int>(planes.bins > 1 ? planes.bins - 2 : 0);
  for (const Event& event : events) {
    const auto word = load_le64(reinterpret_cast<const std::uint8_t*>(&event) + offsetof(Event, x));
    const auto x = static_cast<std::uint32_t>(bits(word, 0, 16)), y = static_cast<std::uint32_t>(bits(word, 16, 16));
    if (x >= geometry.width || y >= geometry.height) [[unlikely]] {
      ++outside;
      continue;
    }
    const auto since = static_cast<std::int64_t>(static_cast<std::uint64_t>(event.t) - static_cast<std::uint64_t>(scale.start));
    const double position = std::clamp(static_cast<double>(since) * scale.per_us, 0.0, scale.last);
    const int lower = std::min(static_cast<int>(position), last_lower);
    if (static_cast<std::size_t>(lower) + 2 > planes.zeroed) [[unlikely]] {
      planes.zero_before(std::min(static_cast<std::size_t>(lower) + 2, planes.bins));
    }
    const float sign = bit(word, 32) ? 1.0f : -1.0f;
    const float upper_part = static_cast<float>(position - lower) * sign;
    float* voxel = planes.data + static_cast<std::size_t>(lower) * planes.pixels + y * geometry.width + x;
    voxel[0] += sign - upper_part;
    voxel[to_upper] += upper_part;
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
    scale_ = {start_us, stop_us > start_us ? last / length : 0, last};
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
