// What remembers a pixel's latest event: of times that rise, as nearly all do, it is the one that is written last.
#include "accumulate/time_surface.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "accumulate/exponential.hpp"
#include "accumulate/pixel.hpp"
#include "accumulate/places.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

using Polarity = TimeSurface::Polarity;

constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

constexpr std::uint64_t oldest = 0x7FFFFFFF;  // age that is told apart

/// Ages are counted in steps of 2^shift µs, `unit` time constants each.
struct Ages {
  std::int64_t stop = 0;
  unsigned shift = 0;  // 0 in windows of up to 18 minutes
  double unit = 0;
};

/// What events are worth by their age at `stop`.
AESTREAM_MULTIVERSION
void weigh(const Event* events, std::size_t count, const Ages& by, bool exponential, float* values) {
  std::int32_t ages[Places::capacity];
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t time = std::min(events[i].t, by.stop);
    const std::uint64_t age = (static_cast<std::uint64_t>(by.stop) - static_cast<std::uint64_t>(time)) >> by.shift;
    ages[i] = static_cast<std::int32_t>(std::min(age, oldest));
  }
  const double unit = by.unit;
  if (exponential) {
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(decayed(ages[i] * unit));
  } else {
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(std::max(0.0, 1 - ages[i] * unit));
  }
}

AESTREAM_MULTIVERSION
void negate_off(const Event* events, std::size_t count, float* values) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t on = Pixel(events[i]).on;
    values[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(values[i]) | (on ^ 1) << 31);
  }
}

class TimeSurfaceAccumulator final : public Accumulator {
 public:
  TimeSurfaceAccumulator(double tau_us, bool exponential, Polarity polarity, Geometry geometry)
      : tau_us_(tau_us), exponential_(exponential), polarity_(polarity), geometry_(geometry) {}

  std::size_t size() const override {
    return (polarity_ == Polarity::Split ? 2 : 1) * geometry_.pixels() * sizeof(float);
  }
  Needs needs() const override { return Needs::Window; }
  bool starts_from_zeros() const override { return true; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<float*>(out);
    if (!axis.is_zeroed) std::memset(out, 0, size());
    latest_ = no_time;
    const TimeSpan window = axis.window;
    const auto length = static_cast<std::uint64_t>(window.stop) - static_cast<std::uint64_t>(window.start);
    const int shift = std::max(0, static_cast<int>(std::bit_width(length)) - 30);
    ages_ = {window.stop, static_cast<unsigned>(shift), std::ldexp(1.0, shift) / tau_us_};
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    const auto on_channel = static_cast<std::uint32_t>(polarity_ == Polarity::Split ? geometry_.pixels() : 0);
    const bool is_signed = polarity_ == Polarity::Signed;
    for_each_block(events, geometry_, {on_channel, 0}, [&](ConstEventSpan block, const Places& places) {
      float values[Places::capacity];
      weigh(block.data(), block.size(), ages_, exponential_, values);
      if (is_signed) negate_off(block.data(), block.size(), values);
      if (rises(block, latest_)) {
        outside_ += add<true>(block, places, values);
        latest_ = block.back().t;
      } else {
        outside_ += add<false>(block, places, values);
        for (const Event& event : block) latest_ = std::max(latest_, event.t);
      }
    });
  }

  std::size_t finish() override { return outside_; }

 private:
  /// Where times rise an event is never older than what its pixel holds. Of ages that floats do not tell apart the last
  /// one counts.
  template <bool rising>
  std::size_t add(ConstEventSpan block, const Places& places, const float* values) {
    float* const out = out_;
    return add_each(block, places, [&](const Event& event, std::uint32_t at) {
      const float value = values[&event - block.data()];
      if (rising || std::abs(value) >= std::abs(out[at])) out[at] = value;
    });
  }

  double tau_us_;
  bool exponential_;
  Polarity polarity_;
  Geometry geometry_;
  Ages ages_;
  std::int64_t latest_ = 0;
  float* out_ = nullptr;
  std::size_t outside_ = 0;
};

class LatestTimeAccumulator final : public Accumulator {
 public:
  LatestTimeAccumulator(bool split, Geometry geometry) : split_(split), geometry_(geometry) {}

  std::size_t size() const override { return (split_ ? 2 : 1) * geometry_.pixels() * sizeof(std::int64_t); }

  void begin(std::uint8_t* out, const Axis&) override {
    out_ = reinterpret_cast<std::int64_t*>(out);
    std::memset(out, 0xFF, size());
    latest_ = no_time;
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    std::int64_t* const out = out_;
    const auto on_channel = static_cast<std::uint32_t>(split_ ? geometry_.pixels() : 0);
    for_each_block(events, geometry_, {on_channel, 0}, [&](ConstEventSpan block, const Places& places) {
      if (rises(block, latest_)) {
        outside_ += add_each(block, places, [out](const Event& event, std::uint32_t at) { out[at] = event.t; });
        latest_ = block.back().t;
        return;
      }
      outside_ += add_each(block, places, [out](const Event& event, std::uint32_t at) {
        if (out[at] == -1 || event.t > out[at]) out[at] = event.t;
      });
      for (const Event& event : block) latest_ = std::max(latest_, event.t);
    });
  }

  std::size_t finish() override { return outside_; }

 private:
  bool split_;
  Geometry geometry_;
  std::int64_t latest_ = 0;
  std::int64_t* out_ = nullptr;
  std::size_t outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> TimeSurface::accumulator(Geometry geometry) const {
  return std::make_unique<TimeSurfaceAccumulator>(tau_us_, exponential_, polarity_, geometry);
}

std::unique_ptr<Accumulator> LatestTime::accumulator(Geometry geometry) const {
  return std::make_unique<LatestTimeAccumulator>(split_, geometry);
}

}  // namespace aestream
