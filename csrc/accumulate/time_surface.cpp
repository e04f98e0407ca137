// Time surfaces: while events come, the tensor holds ages as whole numbers; in the end only the pixels that had an event are
// turned into floats.
#include "accumulate/time_surface.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "accumulate/pixel.hpp"

namespace aestream {
namespace {

using Polarity = TimeSurface::Polarity;

class TimeSurfaceAccumulator final : public Accumulator {
 public:
  TimeSurfaceAccumulator(double tau_us, bool exponential, Polarity polarity, Geometry geometry)
      : tau_us_(tau_us), exponential_(exponential), polarity_(polarity), geometry_(geometry) {}

  std::size_t size() const override {
    return (polarity_ == Polarity::Split ? 2 : 1) * geometry_.pixels() * sizeof(std::uint32_t);
  }
  Needs needs() const override { return Needs::Window; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<std::uint32_t*>(out);
    std::memset(out, 0, size());
    touched_.clear();
    outside_ = 0;
    stop_ = axis.window.stop;
    const auto length = static_cast<std::uint64_t>(stop_) - static_cast<std::uint64_t>(axis.window.start);
    shift_ = static_cast<unsigned>(std::max(0, static_cast<int>(std::bit_width(length)) - 30));
  }

  void consume(ConstEventSpan events) override {
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      const std::size_t at =
          pixel.index(geometry_) + (polarity_ == Polarity::Split ? pixel.on * geometry_.pixels() : 0);
      const std::uint64_t age =
          event.t >= stop_ ? 0 : static_cast<std::uint64_t>(stop_) - static_cast<std::uint64_t>(event.t);
      const auto code = static_cast<std::uint32_t>(std::min<std::uint64_t>(age >> shift_, oldest - 1)) + 1;
      std::uint32_t& held = out_[at];
      if (held == 0) touched_.push_back(static_cast<std::uint32_t>(at));
      if (held == 0 || code <= (held & oldest)) held = code | pixel.on << 31;
    }
  }

  std::size_t finish() override {
    const double unit = std::ldexp(1.0, static_cast<int>(shift_)) / tau_us_;
    auto* surface = reinterpret_cast<float*>(out_);
    for (const std::uint32_t at : touched_) {
      const std::uint32_t held = out_[at];
      const double age = static_cast<double>((held & oldest) - 1) * unit;
      const double value = exponential_ ? std::exp(-age) : std::max(0.0, 1 - age);
      const bool negative = polarity_ == Polarity::Signed && held >> 31 == 0;
      surface[at] = static_cast<float>(negative ? -value : value);
    }
    return outside_;
  }

 private:
  static constexpr std::uint32_t oldest = 0x7FFFFFFF;  // ages, plus 1, that fit beside a polarity

  double tau_us_;
  bool exponential_;
  Polarity polarity_;
  Geometry geometry_;
  std::int64_t stop_ = 0;
  unsigned shift_ = 0;  // ages in steps of 2^shift µs: 1 µs in windows of up to 18 minutes
  std::uint32_t* out_ = nullptr;
  std::vector<std::uint32_t> touched_;
  std::size_t outside_ = 0;
};

class LatestTimeAccumulator final : public Accumulator {
 public:
  LatestTimeAccumulator(bool split, Geometry geometry) : split_(split), geometry_(geometry) {}

  std::size_t size() const override { return (split_ ? 2 : 1) * geometry_.pixels() * sizeof(std::int64_t); }

  void begin(std::uint8_t* out, const Axis&) override {
    out_ = reinterpret_cast<std::int64_t*>(out);
    std::memset(out, 0xFF, size());
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      std::int64_t& latest = out_[pixel.index(geometry_) + (split_ ? pixel.on * geometry_.pixels() : 0)];
      if (latest == -1 || event.t > latest) latest = event.t;
    }
  }

  std::size_t finish() override { return outside_; }

 private:
  bool split_;
  Geometry geometry_;
  std::int64_t* out_ = nullptr;
  std::size_t outside_ = 0;
};

class EventImageAccumulator final : public Accumulator {
 public:
  explicit EventImageAccumulator(Geometry geometry) : geometry_(geometry) {}

  std::size_t size() const override { return 4 * geometry_.pixels() * sizeof(float); }
  Needs needs() const override { return Needs::Window; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<float*>(out);
    std::memset(out, 0, size());
    touched_.clear();
    start_ = axis.window.start;
    latest_ = 0;
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    const std::size_t pixels = geometry_.pixels();
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      const std::size_t at = pixel.index(geometry_) + (pixel.on ? 0 : pixels);
      const float since =
          event.t <= start_
              ? 0
              : static_cast<float>(static_cast<std::uint64_t>(event.t) - static_cast<std::uint64_t>(start_));
      if (out_[at] == 0) touched_.push_back(at + 2 * pixels);
      out_[at] += 1;
      out_[at + 2 * pixels] = std::max(out_[at + 2 * pixels], since);
      latest_ = std::max(latest_, since);
    }
  }

  std::size_t finish() override {
    if (latest_ > 0) {
      for (const std::size_t at : touched_) out_[at] /= latest_;
    }
    return outside_;
  }

 private:
  Geometry geometry_;
  float* out_ = nullptr;
  std::vector<std::size_t> touched_;  // the times that there are
  std::int64_t start_ = 0;
  float latest_ = 0;
  std::size_t outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> TimeSurface::accumulator(Geometry geometry) const {
  return std::make_unique<TimeSurfaceAccumulator>(tau_us_, exponential_, polarity_, geometry);
}

std::unique_ptr<Accumulator> LatestTime::accumulator(Geometry geometry) const {
  return std::make_unique<LatestTimeAccumulator>(split_, geometry);
}

std::unique_ptr<Accumulator> EventImage::accumulator(Geometry geometry) const {
  return std::make_unique<EventImageAccumulator>(geometry);
}

}  // namespace aestream
