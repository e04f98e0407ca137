// Frames: events counted in the tensor itself. Byte counters that are expanded at the end were slower: the tensor of one
// window stays in the last-level cache, and counting costs less than passing over all pixels once more.
#include "accumulate/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "accumulate/narrow_float.hpp"
#include "accumulate/pixel.hpp"
#include "core/buffer_pool.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

using Polarity = Frame::Polarity;

template <class T>
inline void increment(T& count, std::uint32_t most) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    count = static_cast<T>(count + (count < most));  // saturates
  } else {
    count += 1;
  }
}

/// Adds the events to a zeroed tensor. Returns the number outside.
template <Polarity polarity, class T>
std::size_t add_events(ConstEventSpan events, Geometry geometry, T* out, std::uint32_t most) {
  std::size_t outside = 0;
  const std::size_t on_channel = geometry.pixels();
  for (const Event& event : events) {
    const Pixel pixel(event);
    if (!pixel.inside(geometry)) [[unlikely]] {
      ++outside;
      continue;
    }
    T* count = out + pixel.index(geometry);
    if constexpr (polarity == Polarity::Difference) {
      *count += static_cast<T>(static_cast<int>(pixel.on) * 2 - 1);
    } else {
      increment(count[polarity == Polarity::Split ? pixel.on * on_channel : 0], most);
    }
  }
  return outside;
}

AESTREAM_MULTIVERSION
void clip_counts(float* counts, std::size_t size, float most) {
  for (std::size_t i = 0; i < size; ++i) counts[i] = std::clamp(counts[i], -most, most);
}

AESTREAM_MULTIVERSION
void narrow_bfloat16(const float* counts, std::size_t size, std::uint16_t* out) {
  for (std::size_t i = 0; i < size; ++i) out[i] = to_bfloat16(counts[i]);
}

AESTREAM_MULTIVERSION
void narrow_float16(const float* counts, std::size_t size, std::uint16_t* out) {
  for (std::size_t i = 0; i < size; ++i) out[i] = to_float16(counts[i]);
}

template <Polarity polarity, class T>
class FrameAccumulator final : public Accumulator {
 public:
  FrameAccumulator(Geometry geometry, Element element, std::optional<std::uint32_t> clip)
      : geometry_(geometry), element_(element), clip_(clip), most_(std::min(clip.value_or(255), 255U)) {
    if (size_of(element) != sizeof(T)) counts_ = Buffer(elements() * sizeof(T));
  }

  std::size_t size() const override { return elements() * size_of(element_); }

  void begin(std::uint8_t* out, const Axis&) override {
    out_ = out;
    outside_ = 0;
    std::memset(counts(), 0, elements() * sizeof(T));
  }

  void consume(ConstEventSpan events) override { outside_ += add_events<polarity>(events, geometry_, counts(), most_); }

  std::size_t finish() override {
    if constexpr (std::is_same_v<T, float>) {
      if (clip_) clip_counts(counts(), elements(), static_cast<float>(*clip_));
      auto* narrow = reinterpret_cast<std::uint16_t*>(out_);
      if (element_ == Element::Float16) narrow_float16(counts(), elements(), narrow);
      if (element_ == Element::BFloat16) narrow_bfloat16(counts(), elements(), narrow);
    }
    return outside_;
  }

 private:
  std::size_t elements() const { return (polarity == Polarity::Split ? 2 : 1) * geometry_.pixels(); }
  T* counts() { return counts_.data() == nullptr ? reinterpret_cast<T*>(out_) : counts_.as<T>(); }

  Geometry geometry_;
  Element element_;
  std::optional<std::uint32_t> clip_;
  std::uint32_t most_;
  Buffer counts_;  // of elements too narrow to count in
  std::uint8_t* out_ = nullptr;
  std::size_t outside_ = 0;
};

template <class T>
std::unique_ptr<Accumulator> make(Polarity polarity, Geometry geometry, Element element,
                                  std::optional<std::uint32_t> clip) {
  switch (polarity) {
    case Polarity::Sum: return std::make_unique<FrameAccumulator<Polarity::Sum, T>>(geometry, element, clip);
    case Polarity::Split: return std::make_unique<FrameAccumulator<Polarity::Split, T>>(geometry, element, clip);
    default: return std::make_unique<FrameAccumulator<Polarity::Difference, float>>(geometry, element, clip);
  }
}

}  // namespace

std::unique_ptr<Accumulator> Frame::accumulator(Geometry geometry) const {
  if (element_ == Element::Bool) return make<std::uint8_t>(polarity_, geometry, element_, 1);
  if (element_ == Element::UInt8) return make<std::uint8_t>(polarity_, geometry, element_, clip_);
  return make<float>(polarity_, geometry, element_, clip_);
}

}  // namespace aestream
