// Stacked histograms: counted in the tensor itself, plane by plane as times grow.
#include "accumulate/stacked_histogram.hpp"

#include <limits>

#include "accumulate/pixel.hpp"
#include "accumulate/places.hpp"
#include "accumulate/planes.hpp"
#include "accumulate/time_bins.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

AESTREAM_MULTIVERSION
bool are_all_in(const TimeBins::Run& run, const Event* events, std::size_t count) {
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < count; ++i) others |= run.has(events[i].t) ? 0 : 1;
  return others == 0;
}

class StackedHistogramAccumulator final : public Accumulator {
 public:
  StackedHistogramAccumulator(std::size_t bins, std::uint8_t cutoff, bool by_window, std::uint32_t downsample,
                              Geometry geometry)
      : cutoff_(cutoff),
        by_window_(by_window),
        downsample_(downsample),
        geometry_(geometry),
        small_{geometry.width / downsample, geometry.height / downsample} {
    planes_.plane = small_.pixels();
    planes_.bins = bins;
    planes_.blocks = 2;
  }

  std::size_t size() const override { return planes_.elements(); }
  Needs needs() const override { return by_window_ ? Needs::Window : Needs::Events; }
  bool starts_from_zeros() const override { return true; }

  void begin(std::uint8_t* out, const Axis& axis) override {
    planes_.begin(out, axis.is_zeroed);
    outside_ = 0;
    const TimeSpan span = by_window_ ? axis.window : TimeSpan{axis.events.start, axis.events.stop - 1};
    const auto length =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(span.stop) - static_cast<std::uint64_t>(span.start), 1);
    std::vector<std::int64_t> edges;  // the first times that bins * since / length gives b for
    for (std::size_t b = 0; b < planes_.bins; ++b) {
      const auto product = static_cast<unsigned __int128>(length) * b + planes_.bins - 1;
      edges.push_back(static_cast<std::int64_t>(product / planes_.bins));
    }
    bins_.set(span.start, std::move(edges));
  }

  void consume(ConstEventSpan events) override {
    const bool has_places = downsample_ == 1 && planes_.elements() < std::numeric_limits<std::uint32_t>::max();
    while (!events.empty()) {
      const TimeBins::Run run = bins_.run_of(events.front().t);
      planes_.zero_before(run.bin + 1);
      const ConstEventSpan block = events.first(std::min(Places::capacity, events.size()));
      if (has_places && are_all_in(run, block.data(), block.size())) {
        add_block(block, run.bin);
        events = events.subspan(block.size());
      } else {
        const std::size_t left = (downsample_ == 1 ? add_run<false>(block, run) : add_run<true>(block, run)).size();
        events = events.subspan(block.size() - left);
      }
    }
  }

  std::size_t finish() override {
    planes_.zero_before(planes_.bins);
    return outside_;
  }

 private:
  /// Events of one bin.
  void add_block(ConstEventSpan block, std::size_t bin) {
    Places places;
    places.find(block, geometry_, {static_cast<std::uint32_t>(planes_.bins * planes_.plane), 0});
    std::uint8_t* const counts = planes_.data + bin * planes_.plane;
    outside_ += add_each(block, places, [counts, cutoff = std::uint32_t{cutoff_}](const Event&, std::uint32_t at) {
      counts[at] = static_cast<std::uint8_t>(counts[at] + (counts[at] < cutoff));
    });
  }

  /// Returns the events behind those of the run. What the loop needs is in variables of its own: counts are bytes, which
  /// might be a part of anything else.
  template <bool downsampled>
  ConstEventSpan add_run(ConstEventSpan events, const TimeBins::Run run) {
    const Geometry geometry = geometry_, small = small_;
    const std::size_t on_block = planes_.bins * planes_.plane;
    const std::uint32_t factor = downsample_, kept = factor / 2, cutoff = cutoff_;
    const std::uint64_t inverse = (std::uint64_t{1} << 32) / factor + 1;  // exact: coordinates have 16 bits
    std::uint8_t* const counts = planes_.data + run.bin * planes_.plane;
    std::size_t i = 0, outside = 0;
    for (; i < events.size() && run.has(events[i].t); ++i) {
      const Pixel pixel(events[i]);
      if (!pixel.inside(geometry)) [[unlikely]] {
        ++outside;
        continue;
      }
      std::uint32_t x = pixel.x, y = pixel.y;
      if constexpr (downsampled) {
        x = static_cast<std::uint32_t>(pixel.x * inverse >> 32);
        y = static_cast<std::uint32_t>(pixel.y * inverse >> 32);
        const bool is_kept = pixel.x - x * factor == kept && pixel.y - y * factor == kept;
        if (!is_kept || x >= small.width || y >= small.height) continue;
      }
      std::uint8_t& count = counts[pixel.on * on_block + std::size_t{y} * small.width + x];
      count = static_cast<std::uint8_t>(count + (count < cutoff));
    }
    outside_ += outside;
    return events.subspan(i);
  }

  std::uint8_t cutoff_;
  bool by_window_;
  std::uint32_t downsample_;
  Geometry geometry_, small_;
  TimeBins bins_;
  Planes<std::uint8_t> planes_;
  std::size_t outside_ = 0;
};

}  // namespace

std::unique_ptr<Accumulator> StackedHistogram::accumulator(Geometry geometry) const {
  return std::make_unique<StackedHistogramAccumulator>(bins_, cutoff_, by_window_, downsample_, geometry);
}

}  // namespace aestream
