// Frames: counted in bytes, which stay in the cache, then written once in the tensor's own type.
#include "accumulate/frame.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/bytes.hpp"
#include "core/multiversion.hpp"
#include "core/stream_copy.hpp"

namespace aestream {
namespace {

using Polarity = FrameSpec::Polarity;

constexpr std::size_t stretch = 1024;  // pixels that are converted at a time
constexpr std::uint32_t counter_range = 256;

/// Two counters a pixel: OFF in the low byte, ON in the high one.
using Counters = std::uint16_t;

constexpr std::uint32_t off_of(Counters counters) { return counters & 0xFF; }
constexpr std::uint32_t on_of(Counters counters) { return counters >> 8; }

/// Adds the events to the counters; notes in `overflows` those that come round to 0. Returns the number outside.
AESTREAM_MULTIVERSION
std::size_t count_events(ConstEventSpan events, Geometry geometry, std::uint8_t* counters,
                         std::vector<std::uint32_t>& overflows) {
  std::size_t outside = 0;
  for (const Event& event : events) {
    const auto word = load_le64(reinterpret_cast<const std::uint8_t*>(&event) + offsetof(Event, x));
    const auto x = static_cast<std::uint32_t>(bits(word, 0, 16)), y = static_cast<std::uint32_t>(bits(word, 16, 16));
    if (x >= geometry.width || y >= geometry.height) [[unlikely]] {  // as are negative ones
      ++outside;
      continue;
    }
    const std::uint32_t counter = (y * geometry.width + x) * 2 + bit(word, 32);
    if (++counters[counter] == 0) [[unlikely]]
      overflows.push_back(counter);
  }
  return outside;
}

AESTREAM_MULTIVERSION
void convert_split(const Counters* in, std::size_t count, float* off, float* on) {
  for (std::size_t i = 0; i < count; ++i) {
    off[i] = static_cast<float>(off_of(in[i]));
    on[i] = static_cast<float>(on_of(in[i]));
  }
}

AESTREAM_MULTIVERSION
void convert_sum(const Counters* in, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(off_of(in[i]) + on_of(in[i]));
}

AESTREAM_MULTIVERSION
void convert_difference(const Counters* in, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(static_cast<int>(on_of(in[i])) - static_cast<int>(off_of(in[i])));
  }
}

AESTREAM_MULTIVERSION
void convert_split(const Counters* in, std::size_t count, std::uint8_t* off, std::uint8_t* on) {
  for (std::size_t i = 0; i < count; ++i) {
    off[i] = static_cast<std::uint8_t>(in[i]);
    on[i] = static_cast<std::uint8_t>(in[i] >> 8);
  }
}

AESTREAM_MULTIVERSION
void convert_sum(const Counters* in, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<std::uint8_t>(std::min(off_of(in[i]) + on_of(in[i]), counter_range - 1));
  }
}

void convert_difference(const Counters*, std::size_t, std::uint8_t*) {}  // a byte holds no sign

template <class T>
T add_saturating(T value, int amount) {
  if constexpr (std::is_same_v<T, float>) return value + static_cast<float>(amount);
  return static_cast<T>(std::min(static_cast<int>(value) + amount, static_cast<int>(counter_range) - 1));
}

template <class T>
class FrameAccumulator final : public Accumulator {
 public:
  FrameAccumulator(Polarity polarity, Geometry geometry)
      : polarity_(polarity),
        geometry_(geometry),
        pixels_(std::size_t{geometry.width} * geometry.height),
        counters_(pixels_ * sizeof(Counters)) {
    std::memset(counters_.data(), 0, counters_.size());
  }

  std::size_t size() const override { return pixels_ * sizeof(T) * (polarity_ == Polarity::Split ? 2 : 1); }

  void begin(std::uint8_t* out, std::int64_t, std::int64_t) override {
    out_ = reinterpret_cast<T*>(out);
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    outside_ += count_events(events, geometry_, counters_.data(), overflows_);
  }

  std::size_t finish() override {
    for (std::size_t first = 0; first < pixels_; first += stretch) write(first, std::min(stretch, pixels_ - first));
    stream_fence();
    for (const std::uint32_t counter : overflows_) add_overflow(counter / 2, counter % 2 != 0);
    overflows_.clear();
    return outside_;
  }

 private:
  /// Pixels [first, first + count) of the tensor; their counters are 0 again.
  void write(std::size_t first, std::size_t count) {
    alignas(64) T off[stretch], on[stretch];
    Counters* counters = counters_.as<Counters>() + first;
    if (polarity_ == Polarity::Split) convert_split(counters, count, off, on);
    if (polarity_ == Polarity::Sum) convert_sum(counters, count, on);
    if (polarity_ == Polarity::Difference) convert_difference(counters, count, on);
    std::memset(counters, 0, count * sizeof(Counters));
    if (polarity_ == Polarity::Split) copy(off, count, out_ + first);
    copy(on, count, out_ + first + (polarity_ == Polarity::Split ? pixels_ : 0));
  }

  static void copy(const T* values, std::size_t count, T* out) {
    stream_copy(reinterpret_cast<std::uint8_t*>(out), reinterpret_cast<const std::uint8_t*>(values), count * sizeof(T));
  }

  void add_overflow(std::size_t pixel, bool on) {
    const bool is_second = on && polarity_ == Polarity::Split, is_negative = !on && polarity_ == Polarity::Difference;
    T& value = out_[pixel + (is_second ? pixels_ : 0)];
    value = add_saturating(value, is_negative ? -static_cast<int>(counter_range) : static_cast<int>(counter_range));
  }

  Polarity polarity_;
  Geometry geometry_;
  std::size_t pixels_;
  Buffer counters_;  // zero between windows
  std::vector<std::uint32_t> overflows_;
  T* out_ = nullptr;
  std::size_t outside_ = 0;
};

}  // namespace

AccumulatorFactory make_accumulator(const FrameSpec& spec, Geometry geometry) {
  return [spec, geometry]() -> std::unique_ptr<Accumulator> {
    if (spec.is_float()) return std::make_unique<FrameAccumulator<float>>(spec.polarity, geometry);
    return std::make_unique<FrameAccumulator<std::uint8_t>>(spec.polarity, geometry);
  };
}

}  // namespace aestream
