// Mixed-density stacks: bin B - 1 is the last half of the time, B - 2 the quarter before it, and so on; channel i is the sum
// of bins 0 to i.
#include <algorithm>
#include <cmath>
#include <limits>

#include "accumulate/pixel.hpp"
#include "accumulate/planes.hpp"
#include "accumulate/stacked_histogram.hpp"
#include "accumulate/time_bins.hpp"
#include "core/buffer_pool.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

/// RVT's bin of a time, in the float32 that it computes with.
std::size_t bin_of(std::uint64_t since, std::uint64_t length, std::size_t bins) {
  const float part = static_cast<float>(since) / static_cast<float>(length);
  const float clamped = std::clamp(part, 1e-6F, static_cast<float>(1 - 1e-6));
  const float position = static_cast<float>(bins) - std::log(clamped) / static_cast<float>(std::log(0.5));
  return std::min(static_cast<std::size_t>(std::max(position, 0.0F)), bins - 1);
}

/// The first time of every bin: bins grow with times, so it is found by halving.
std::vector<std::int64_t> edges_of(std::uint64_t length, std::size_t bins) {
  std::vector<std::int64_t> edges(bins, 0);
  for (std::size_t b = 1; b < bins; ++b) {
    std::uint64_t low = 0, high = length + 1;  // no earlier time is in bin b; `high` is
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      bin_of(middle, length, bins) >= b ? high = middle : low = middle + 1;
    }
    edges[b] = static_cast<std::int64_t>(std::min<std::uint64_t>(low, std::numeric_limits<std::int64_t>::max()));
  }
  return edges;
}

template <class Total>
inline __attribute__((always_inline)) void add_up(const std::int16_t* sums, Total* total, std::int8_t* out,
                                                  std::size_t size, Total cutoff) {
  for (std::size_t i = 0; i < size; ++i) {
    const auto sum = static_cast<Total>(total[i] + sums[i]);
    total[i] = sum;
    out[i] = static_cast<std::int8_t>(std::clamp<Total>(sum, static_cast<Total>(-cutoff), cutoff));
  }
}

/// Channels of `plane` pixels each, whose totals stay in L1.
template <class Total>
inline __attribute__((always_inline)) void add_all(const Planes<std::int16_t>& sums, std::int8_t* out, Total cutoff) {
  constexpr std::size_t tile = 4096;
  Total total[tile];
  for (std::size_t first = 0; first < sums.plane; first += tile) {
    const std::size_t count = std::min(tile, sums.plane - first);
    std::fill_n(total, count, Total{0});
    for (std::size_t bin = 0; bin < sums.bins; ++bin) {
      const std::size_t at = bin * sums.plane + first;
      add_up(sums.data + at, total, out + at, count, cutoff);
    }
  }
}

AESTREAM_MULTIVERSION
void add_few(const Planes<std::int16_t>& sums, std::int8_t* out, std::int16_t cutoff) { add_all(sums, out, cutoff); }

AESTREAM_MULTIVERSION
void add_many(const Planes<std::int16_t>& sums, std::int8_t* out, std::int32_t cutoff) { add_all(sums, out, cutoff); }

class MixedDensityAccumulator final : public Accumulator {
 public:
  MixedDensityAccumulator(std::size_t bins, std::uint8_t cutoff, Geometry geometry)
      : cutoff_(cutoff), geometry_(geometry) {
    sums_.plane = geometry.pixels();
    sums_.bins = bins;
    memory_ = Buffer(sums_.elements() * sizeof(std::int16_t));
    sums_.data = memory_.as<std::int16_t>();
  }

  std::size_t size() const override { return sums_.elements(); }
  Needs needs() const override { return Needs::Events; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    out_ = reinterpret_cast<std::int8_t*>(out);
    sums_.zeroed = 0;
    num_events_ = outside_ = 0;
    const std::uint64_t length =
        static_cast<std::uint64_t>(axis.events.stop) - static_cast<std::uint64_t>(axis.events.start) - 1;
    bins_.set(axis.events.start, edges_of(std::max<std::uint64_t>(length, 1), sums_.bins));
  }

  void consume(ConstEventSpan events) override {
    num_events_ += events.size();
    while (!events.empty()) {
      const TimeBins::Run run = bins_.run_of(events.front().t);
      sums_.zero_before(run.bin + 1);
      events = add_run(events, run);
    }
  }

  std::size_t finish() override {
    sums_.zero_before(sums_.bins);
    const bool few = num_events_ <= most;  // no total can be larger
    few ? add_few(sums_, out_, static_cast<std::int16_t>(cutoff_)) : add_many(sums_, out_, cutoff_);
    return outside_;
  }

 private:
  static constexpr int most = std::numeric_limits<std::int16_t>::max();

  /// Returns the events behind those of the run.
  ConstEventSpan add_run(ConstEventSpan events, const TimeBins::Run run) {
    const Geometry geometry = geometry_;
    std::int16_t* const sums = sums_.data + run.bin * sums_.plane;
    std::size_t i = 0, outside = 0;
    for (; i < events.size() && run.has(events[i].t); ++i) {
      const Pixel pixel(events[i]);
      if (!pixel.inside(geometry)) [[unlikely]] {
        ++outside;
        continue;
      }
      std::int16_t& sum = sums[pixel.index(geometry)];
      sum = static_cast<std::int16_t>(std::clamp(sum + static_cast<int>(pixel.on) * 2 - 1, -most, most));
    }
    outside_ += outside;
    return events.subspan(i);
  }

  std::int32_t cutoff_;
  Geometry geometry_;
  TimeBins bins_;
  Buffer memory_;
  Planes<std::int16_t> sums_;
  std::int8_t* out_ = nullptr;
  std::size_t num_events_ = 0, outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> MixedDensity::accumulator(Geometry geometry) const {
  return std::make_unique<MixedDensityAccumulator>(bins_, cutoff_, geometry);
}

}  // namespace aestream
