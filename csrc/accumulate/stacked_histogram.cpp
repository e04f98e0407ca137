// Stacked histograms: counted in the tensor itself, plane by plane as times grow.
#include "accumulate/stacked_histogram.hpp"

#include "accumulate/pixel.hpp"
#include "accumulate/planes.hpp"
#include "accumulate/time_bins.hpp"

namespace aestream {
namespace {

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

  void begin(std::uint8_t* out, const Axis& axis) override {
    planes_.data = out;
    planes_.zeroed = 0;
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

  void consume(ConstEventSpan events) override { downsample_ == 1 ? add<false>(events) : add<true>(events); }

  std::size_t finish() override {
    planes_.zero_before(planes_.bins);
    return outside_;
  }

 private:
  template <bool downsampled>
  void add(ConstEventSpan events) {
    const std::size_t on_block = planes_.bins * planes_.plane;
    for (const Event& event : events) {
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      std::uint32_t x = pixel.x, y = pixel.y;
      if constexpr (downsampled) {
        x = pixel.x / downsample_, y = pixel.y / downsample_;
        const bool kept = pixel.x % downsample_ == downsample_ / 2 && pixel.y % downsample_ == downsample_ / 2;
        if (!kept || x >= small_.width || y >= small_.height) continue;
      }
      const std::size_t bin = bins_.find(event.t);
      planes_.zero_before(bin + 1);
      std::uint8_t& count = planes_.data[pixel.on * on_block + bin * planes_.plane + std::size_t{y} * small_.width + x];
      count = static_cast<std::uint8_t>(count + (count < cutoff_));
    }
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
