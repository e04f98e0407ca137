// Frames: events counted in the tensor itself. Byte counters that are expanded at the end were slower: the tensor of one
// window stays in the last-level cache, and counting costs less than passing over all pixels once more.
#include "accumulate/frame.hpp"

#include <cstring>
#include <type_traits>

#include "core/bytes.hpp"

namespace aestream {
namespace {

using Polarity = FrameSpec::Polarity;

template <class T>
inline void increment(T& count) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    count = static_cast<T>(count + (count != 255));  // saturates
  } else {
    count += 1;
  }
}

/// Adds the events to a zeroed tensor. Returns the number outside.
template <Polarity polarity, class T>
std::size_t add_events(ConstEventSpan events, Geometry geometry, T* out) {
  std::size_t outside = 0;
  const std::size_t on_channel = std::size_t{geometry.width} * geometry.height;
  for (const Event& event : events) {
    const auto word = load_le64(reinterpret_cast<const std::uint8_t*>(&event) + offsetof(Event, x));
    const auto x = static_cast<std::uint32_t>(bits(word, 0, 16)), y = static_cast<std::uint32_t>(bits(word, 16, 16));
    if (x >= geometry.width || y >= geometry.height) [[unlikely]] {  // as are negative ones
      ++outside;
      continue;
    }
    const std::uint64_t on = bits(word, 32, 1);
    T* pixel = out + y * geometry.width + x;
    if constexpr (polarity == Polarity::Difference) {
      *pixel += static_cast<T>(static_cast<int>(on) * 2 - 1);
    } else {
      increment(pixel[polarity == Polarity::Split ? on * on_channel : 0]);
    }
  }
  return outside;
}

template <Polarity polarity, class T>
class FrameAccumulator final : public Accumulator {
 public:
  explicit FrameAccumulator(Geometry geometry) : geometry_(geometry) {}

  std::size_t size() const override {
    return FrameSpec{polarity}.channels() * geometry_.width * geometry_.height * sizeof(T);
  }

  void begin(std::uint8_t* out, std::int64_t, std::int64_t) override {
    out_ = reinterpret_cast<T*>(out);
    outside_ = 0;
    std::memset(out, 0, size());
  }

  void consume(ConstEventSpan events) override { outside_ += add_events<polarity>(events, geometry_, out_); }

  std::size_t finish() override { return outside_; }

 private:
  Geometry geometry_;
  T* out_ = nullptr;
  std::size_t outside_ = 0;
};

template <Polarity polarity>
std::unique_ptr<Accumulator> make_frame(bool is_float, Geometry geometry) {
  if (!is_float) return std::make_unique<FrameAccumulator<polarity, std::uint8_t>>(geometry);
  return std::make_unique<FrameAccumulator<polarity, float>>(geometry);
}

}  // namespace

AccumulatorFactory make_accumulator(const FrameSpec& spec, Geometry geometry) {
  return [spec, geometry]() -> std::unique_ptr<Accumulator> {
    switch (spec.polarity) {
      case Polarity::Sum: return make_frame<Polarity::Sum>(spec.is_float(), geometry);
      case Polarity::Difference: return std::make_unique<FrameAccumulator<Polarity::Difference, float>>(geometry);
      default: return make_frame<Polarity::Split>(spec.is_float(), geometry);
    }
  };
}

}  // namespace aestream
