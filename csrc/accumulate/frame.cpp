// Frames: events counted in the tensor itself. Byte counters that are expanded at the end were slower: the tensor of one
// window stays in the last-level cache, and counting costs less than passing over all pixels once more. Floats of 16 bits are
// counted in 16 bits, in the place that they will have.
#include "accumulate/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "accumulate/narrow_float.hpp"
#include "accumulate/pixel.hpp"
#include "accumulate/places.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

using Polarity = Frame::Polarity;

/// Counts of 16 bits go round: the pixels whose counts did, with what they lack.
using Rounds = std::vector<std::pair<std::uint32_t, std::int32_t>>;
constexpr std::int32_t round_of_count = 1 << 16;

template <class T>
inline void increment(T& count, std::uint32_t most) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    count = static_cast<T>(count + (count < most));  // saturates
  } else {
    count += 1;
  }
}

/// Adds 1, or -1 for OFF events of a difference, whose counts are signed.
template <bool is_difference>
inline void add_narrow(std::uint16_t* counts, std::size_t at, bool on, Rounds& rounds) {
  const bool down = is_difference && !on;
  const auto count = static_cast<std::uint16_t>(counts[at] + (down ? 0xFFFF : 1));
  counts[at] = count;
  const std::uint16_t first = is_difference ? 0x8000 : 0;  // of a new round
  if (count == static_cast<std::uint16_t>(first - (down ? 1 : 0))) [[unlikely]] {
    rounds.emplace_back(static_cast<std::uint32_t>(at), down ? -round_of_count : round_of_count);
  }
}

/// Adds the events to a zeroed tensor. Returns the number outside.
template <Polarity polarity, class T>
std::size_t add_events(ConstEventSpan events, Geometry geometry, T* out, std::uint32_t most, Rounds& rounds) {
  std::size_t outside = 0;
  const auto on_channel = static_cast<std::uint32_t>(polarity == Polarity::Split ? geometry.pixels() : 0);
  Rounds* const gone = &rounds;
  for_each_block(events, geometry, {on_channel, 0}, [&](ConstEventSpan block, const Places& places) {
    // By value: counts that are bytes might be a part of what a reference leads to.
    outside += add_each(block, places, [=](const Event& event, std::uint32_t at) {
      if constexpr (std::is_same_v<T, std::uint16_t>) {
        add_narrow<polarity == Polarity::Difference>(out, at, is_on(event), *gone);
      } else if constexpr (polarity == Polarity::Difference) {
        out[at] += static_cast<T>(static_cast<int>(is_on(event)) * 2 - 1);
      } else {
        increment(out[at], most);
      }
    });
  });
  return outside;
}

AESTREAM_MULTIVERSION
void clip_counts(float* counts, std::size_t size, float most) {
  for (std::size_t i = 0; i < size; ++i) counts[i] = std::clamp(counts[i], -most, most);
}

struct BFloat16 {
  static std::uint16_t from(float value) { return to_bfloat16(value); }
};
struct Float16 {
  static std::uint16_t from(float value) { return to_float16(value); }
};

template <class To, class Count>
inline __attribute__((always_inline)) void narrow(std::uint16_t* counts, std::size_t size, float most) {
  for (std::size_t i = 0; i < size; ++i) {
    counts[i] = To::from(std::clamp(static_cast<float>(static_cast<Count>(counts[i])), -most, most));
  }
}

/// Counts become floats where they lie.
AESTREAM_MULTIVERSION
void narrow(std::uint16_t* counts, std::size_t size, float most, bool is_signed, bool is_bfloat) {
  if (is_bfloat) {
    is_signed ? narrow<BFloat16, std::int16_t>(counts, size, most)
              : narrow<BFloat16, std::uint16_t>(counts, size, most);
  } else {
    is_signed ? narrow<Float16, std::int16_t>(counts, size, most) : narrow<Float16, std::uint16_t>(counts, size, most);
  }
}

template <Polarity polarity, class T>
class FrameAccumulator final : public Accumulator {
 public:
  FrameAccumulator(Geometry geometry, Element element, std::optional<std::uint32_t> clip)
      : geometry_(geometry), element_(element), clip_(clip), most_(std::min(clip.value_or(255), 255U)) {}

  std::size_t size() const override { return elements() * sizeof(T); }

  bool starts_from_zeros() const override { return true; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<T*>(out);
    outside_ = 0;
    rounds_.clear();
    if (!axis.is_zeroed) std::memset(out, 0, size());
  }

  void consume(ConstEventSpan events) override {
    outside_ += add_events<polarity>(events, geometry_, out_, most_, rounds_);
  }

  std::size_t finish() override {
    if constexpr (std::is_same_v<T, float>) {
      if (clip_) clip_counts(out_, elements(), static_cast<float>(*clip_));
    }
    if constexpr (std::is_same_v<T, std::uint16_t>) finish_narrow();
    return outside_;
  }

 private:
  std::size_t elements() const { return (polarity == Polarity::Split ? 2 : 1) * geometry_.pixels(); }

  void finish_narrow() {
    constexpr bool is_signed = polarity == Polarity::Difference;
    const float most = clip_ ? static_cast<float>(*clip_) : std::numeric_limits<float>::max();
    const bool is_bfloat = element_ == Element::BFloat16;
    std::map<std::uint32_t, std::int64_t> large;  // counts that went round
    for (const auto& [at, lacking] : rounds_) {
      const std::int64_t count = is_signed ? static_cast<std::int16_t>(out_[at]) : out_[at];
      large.try_emplace(at, count).first->second += lacking;
    }
    narrow(out_, elements(), most, is_signed, is_bfloat);
    for (const auto& [at, count] : large) {
      const float value = std::clamp(static_cast<float>(count), -most, most);
      out_[at] = is_bfloat ? to_bfloat16(value) : to_float16(value);
    }
  }

  Geometry geometry_;
  Element element_;
  std::optional<std::uint32_t> clip_;
  std::uint32_t most_;
  Rounds rounds_;
  T* out_ = nullptr;
  std::size_t outside_ = 0;
};

template <class T>
std::unique_ptr<Accumulator> make(Polarity polarity, Geometry geometry, Element element,
                                  std::optional<std::uint32_t> clip) {
  using Signed = std::conditional_t<std::is_same_v<T, std::uint8_t>, float, T>;  // bytes have no Difference
  switch (polarity) {
    case Polarity::Sum: return std::make_unique<FrameAccumulator<Polarity::Sum, T>>(geometry, element, clip);
    case Polarity::Split: return std::make_unique<FrameAccumulator<Polarity::Split, T>>(geometry, element, clip);
    default: return std::make_unique<FrameAccumulator<Polarity::Difference, Signed>>(geometry, element, clip);
  }
}

}  // namespace

std::unique_ptr<Accumulator> Frame::accumulator(Geometry geometry) const {
  if (element_ == Element::Bool) return make<std::uint8_t>(polarity_, geometry, element_, 1);
  if (element_ == Element::UInt8) return make<std::uint8_t>(polarity_, geometry, element_, clip_);
  if (size_of(element_) == 2) return make<std::uint16_t>(polarity_, geometry, element_, clip_);
  return make<float>(polarity_, geometry, element_, clip_);
}

}  // namespace aestream
