// Event images: counts, and beside them how late each pixel's latest event was.
#include <algorithm>
#include <cstring>
#include <limits>

#include "accumulate/place_list.hpp"
#include "accumulate/places.hpp"
#include "accumulate/time_surface.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

/// How long after the start events are; those before it are at it.
AESTREAM_MULTIVERSION
void count_from(std::int64_t start, const Event* events, std::size_t count, float* since) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = static_cast<std::uint64_t>(events[i].t) - static_cast<std::uint64_t>(start);
    since[i] = events[i].t <= start ? 0 : static_cast<float>(length);
  }
}

class EventImageAccumulator final : public Accumulator {
 public:
  explicit EventImageAccumulator(Geometry geometry) : geometry_(geometry) {}

  std::size_t size() const override { return 4 * geometry_.pixels() * sizeof(float); }
  Needs needs() const override { return Needs::Window; }
  bool starts_from_zeros() const override { return true; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<float*>(out);
    if (!axis.is_zeroed) std::memset(out, 0, size());
    touched_.clear();
    start_ = axis.window.start;
    earliest_ = std::numeric_limits<std::int64_t>::min();
    latest_ = 0;
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    const PlaceOfPolarity planes{0, static_cast<std::uint32_t>(geometry_.pixels())};
    for_each_block(events, geometry_, planes, [&](ConstEventSpan block, const Places& places) {
      float since[Places::capacity];
      count_from(start_, block.data(), block.size(), since);
      if (rises(block, earliest_)) {
        outside_ += add<true>(block, places, since);
        earliest_ = block.back().t;
      } else {
        outside_ += add<false>(block, places, since);
        for (const Event& event : block) earliest_ = std::max(earliest_, event.t);
      }
    });
  }

  std::size_t finish() override {
    if (latest_ > 0) {
      for (const std::uint32_t at : touched_.places()) out_[at] /= latest_;
    }
    return outside_;
  }

 private:
  /// Where times rise an event's is never before what its pixel holds.
  template <bool rising>
  std::size_t add(ConstEventSpan block, const Places& places, const float* since) {
    float* const counts = out_;
    float* const times = out_ + 2 * geometry_.pixels();
    const auto to_times = static_cast<std::uint32_t>(2 * geometry_.pixels());
    std::uint32_t* const touched = touched_.reserve(block.size());
    std::size_t count = 0;
    float latest = latest_;
    const std::size_t outside = add_each(block, places, [&](const Event& event, std::uint32_t at) {
      const float before = counts[at], time = since[&event - block.data()];
      touched[count] = at + to_times;
      count += before == 0;
      counts[at] = before + 1;
      times[at] = rising ? time : std::max(times[at], time);
      latest = rising ? time : std::max(latest, time);
    });
    touched_.add(count);
    latest_ = latest;
    return outside;
  }

  Geometry geometry_;
  float* out_ = nullptr;
  PlaceList touched_;  // the times that there are
  std::int64_t start_ = 0;
  std::int64_t earliest_ = 0;  // that the next event has where times rise
  float latest_ = 0;
  std::size_t outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> EventImage::accumulator(Geometry geometry) const {
  return std::make_unique<EventImageAccumulator>(geometry);
}

}  // namespace aestream
