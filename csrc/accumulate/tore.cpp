// TORE: the newest times of the pixels that had events, kept in slots; the rest of the tensor is one constant.
#include "accumulate/tore.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "accumulate/pixel.hpp"
#include "core/buffer_pool.hpp"

namespace aestream {
namespace {

constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();

class ToreAccumulator final : public Accumulator {
 public:
  ToreAccumulator(std::size_t k, double min_age_us, double max_age_us, Geometry geometry)
      : k_(k), floor_(std::log(min_age_us + 1)), max_age_us_(max_age_us), geometry_(geometry) {
    slots_ = Buffer(2 * geometry.pixels() * sizeof(std::uint32_t));
  }

  std::size_t size() const override { return 2 * k_ * geometry_.pixels() * sizeof(float); }
  Needs needs() const override { return Needs::Window; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<float*>(out);
    std::memset(slots_.data(), 0, 2 * geometry_.pixels() * sizeof(std::uint32_t));
    places_.clear();
    times_.clear();
    stop_ = axis.window.stop;
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      const std::size_t place = pixel.index(geometry_) + pixel.on * geometry_.pixels();
      std::uint32_t& slot = slots_.as<std::uint32_t>()[place];  // counted from 1
      if (slot == 0) {
        places_.push_back(place);
        times_.resize(times_.size() + k_, none);
        slot = static_cast<std::uint32_t>(places_.size());
      }
      std::int64_t* newest = times_.data() + (slot - 1) * k_;
      std::size_t at = k_;
      while (at > 0 && newest[at - 1] <= event.t) --at;
      if (at == k_) continue;
      std::copy_backward(newest + at, newest + k_ - 1, newest + k_);
      newest[at] = event.t;
    }
  }

  std::size_t finish() override {
    const std::size_t pixels = geometry_.pixels();
    std::fill_n(out_, 2 * k_ * pixels, value(max_age_us_));
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const std::size_t on = places_[i] / pixels, pixel = places_[i] % pixels;
      for (std::size_t n = 0; n < k_ && times_[i * k_ + n] != none; ++n) {
        const std::int64_t t = times_[i * k_ + n];
        const double age =
            t >= stop_ ? 0 : static_cast<double>(static_cast<std::uint64_t>(stop_) - static_cast<std::uint64_t>(t));
        out_[(on * k_ + n) * pixels + pixel] = value(age);
      }
    }
    return outside_;
  }

 private:
  float value(double age) const {
    return static_cast<float>(std::max(0.0, std::log(std::min(age, max_age_us_) + 1) - floor_));
  }

  std::size_t k_;
  double floor_, max_age_us_;
  Geometry geometry_;
  Buffer slots_;                     // which slot a pixel has, by polarity
  std::vector<std::size_t> places_;  // whose a slot is
  std::vector<std::int64_t> times_;  // k of each slot, newest first
  float* out_ = nullptr;
  std::int64_t stop_ = 0;
  std::size_t outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> Tore::accumulator(Geometry geometry) const {
  return std::make_unique<ToreAccumulator>(k_, min_age_us_, max_age_us_, geometry);
}

}  // namespace aestream
