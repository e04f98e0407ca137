// Time surfaces: while events come, the tensor holds ages as whole numbers; in the end only the pixels that had an event are
// turned into floats.
#include "accumulate/time_surface.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "accumulate/exponential.hpp"
#include "accumulate/pixel.hpp"
#include "accumulate/place_list.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

using Polarity = TimeSurface::Polarity;

constexpr std::uint32_t oldest = 0x7FFFFFFF;  // ages, plus 1, that fit beside a polarity

/// What ages, in steps of `unit` time constants, are worth.
AESTREAM_MULTIVERSION
void weigh(const std::uint32_t* codes, std::size_t count, double unit, bool exponential, float* values) {
  if (exponential) {
    for (std::size_t i = 0; i < count; ++i)
      values[i] = static_cast<float>(decayed(static_cast<double>(codes[i]) * unit));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = static_cast<float>(std::max(0.0, 1 - static_cast<double>(codes[i]) * unit));
    }
  }
}

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
    const Geometry geometry = geometry_;
    const std::size_t on_channel = polarity_ == Polarity::Split ? geometry.pixels() : 0;
    const std::int64_t stop = stop_;
    const unsigned shift = shift_;
    std::uint32_t* const out = out_;
    std::uint32_t* const touched = touched_.reserve(events.size());
    std::size_t count = 0, outside = 0;
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry)) [[unlikely]] {
        ++outside;
        continue;
      }
      const std::size_t at = pixel.index(geometry) + pixel.on * on_channel;
      const std::uint64_t age =
          event.t >= stop ? 0 : static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(event.t);
      const auto code = static_cast<std::uint32_t>(std::min<std::uint64_t>(age >> shift, oldest - 1)) + 1;
      const std::uint32_t held = out[at];
      touched[count] = static_cast<std::uint32_t>(at);
      count += held == 0;
      const bool is_latest = code - 1 <= (held & oldest) - 1;  // where nothing is held, too
      out[at] = is_latest ? code | pixel.on << 31 : held;
    }
    touched_.add(count);
    outside_ += outside;
  }

  std::size_t finish() override {
    constexpr std::size_t chunk = 256;
    const double unit = std::ldexp(1.0, static_cast<int>(shift_)) / tau_us_;
    std::uint32_t codes[chunk];
    float values[chunk];
    const bool is_signed = polarity_ == Polarity::Signed;
    auto* surface = reinterpret_cast<float*>(out_);
    for (auto places = touched_.places(); !places.empty(); places = places.subspan(std::min(chunk, places.size()))) {
      const std::size_t count = std::min(chunk, places.size());
      for (std::size_t i = 0; i < count; ++i) codes[i] = (out_[places[i]] & oldest) - 1;
      weigh(codes, count, unit, exponential_, values);
      for (std::size_t i = 0; i < count; ++i) {
        const bool is_negative = is_signed && out_[places[i]] >> 31 == 0;
        surface[places[i]] = is_negative ? -values[i] : values[i];
      }
    }
    return outside_;
  }

 private:
  double tau_us_;
  bool exponential_;
  Polarity polarity_;
  Geometry geometry_;
  std::int64_t stop_ = 0;
  unsigned shift_ = 0;  // ages in steps of 2^shift µs: 1 µs in windows of up to 18 minutes
  std::uint32_t* out_ = nullptr;
  PlaceList touched_;
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
    const Geometry geometry = geometry_;
    const std::size_t pixels = geometry.pixels();
    const std::int64_t start = start_;
    float* const out = out_;
    float latest = latest_;
    std::uint32_t* const touched = touched_.reserve(events.size());
    std::size_t count = 0, outside = 0;
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry)) [[unlikely]] {
        ++outside;
        continue;
      }
      const std::size_t at = pixel.index(geometry) + (pixel.on ^ 1) * pixels;
      const std::uint64_t length = static_cast<std::uint64_t>(event.t) - static_cast<std::uint64_t>(start);
      const float since = event.t <= start ? 0 : static_cast<float>(length);
      const float before = out[at];
      touched[count] = static_cast<std::uint32_t>(at + 2 * pixels);
      count += before == 0;
      out[at] = before + 1;
      out[at + 2 * pixels] = std::max(out[at + 2 * pixels], since);
      latest = std::max(latest, since);
    }
    touched_.add(count);
    latest_ = latest;
    outside_ += outside;
  }

  std::size_t finish() override {
    if (latest_ > 0) {
      for (const std::uint32_t at : touched_.places()) out_[at] /= latest_;
    }
    return outside_;
  }

 private:
  Geometry geometry_;
  float* out_ = nullptr;
  PlaceList touched_;  // the times that there are
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
