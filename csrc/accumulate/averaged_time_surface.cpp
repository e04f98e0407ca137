// HATS without its history: a pixel's earlier events decay together, so their sum and the latest time are enough. Only a
// limit of age needs the events themselves.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>

#include "accumulate/pixel.hpp"
#include "accumulate/tore.hpp"

namespace aestream {
namespace {

struct Memory {
  double sum = 0;                   // of exp(-(time - t_j) / tau) over the pixel's events j
  std::int64_t time = 0;            // when that was
  std::deque<std::int64_t> events;  // those that are not too old, where there is a limit
};

class AveragedTimeSurfaceAccumulator final : public Accumulator {
 public:
  AveragedTimeSurfaceAccumulator(std::uint32_t cell, std::uint32_t radius, double tau_us,
                                 std::optional<std::int64_t> max_age_us, Geometry geometry)
      : cell_(cell), radius_(radius), tau_us_(tau_us), max_age_us_(max_age_us), geometry_(geometry) {
    cells_ = {(geometry.width + cell - 1) / cell, (geometry.height + cell - 1) / cell};
    tile_ = 2 * radius + 1;
  }

  std::size_t size() const override { return elements() * sizeof(float); }

  void begin(std::uint8_t* out, const Axis&) override {
    out_ = reinterpret_cast<float*>(out);
    memories_.assign(2 * geometry_.pixels(), {});
    sums_.assign(elements(), 0);
    counts_.assign(2 * cells_.pixels(), 0);
    latest_ = std::numeric_limits<std::int64_t>::min();
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    for (const Event& event : events) {
      latest_ = std::max(latest_, event.t);
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      add(pixel);
    }
  }

  std::size_t finish() override {
    const std::size_t columns = std::size_t{cells_.width} * tile_, rows = std::size_t{cells_.height} * tile_;
    for (std::size_t on = 0; on < 2; ++on) {
      for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < columns; ++x) {
          const std::size_t at = (on * rows + y) * columns + x;
          const std::uint64_t count = counts_[on * cells_.pixels() + y / tile_ * cells_.width + x / tile_];
          out_[at] = count == 0 ? 0.0F : static_cast<float>(sums_[at] / static_cast<double>(count));
        }
      }
    }
    return outside_;
  }

 private:
  std::size_t elements() const { return 2 * cells_.pixels() * tile_ * tile_; }

  void add(const Pixel& pixel) {
    const std::uint32_t column = pixel.x / cell_, row = pixel.y / cell_;
    ++counts_[pixel.on * cells_.pixels() + std::size_t{row} * cells_.width + column];
    const std::size_t stride = std::size_t{cells_.width} * tile_;
    double* tile = &sums_[(std::size_t{pixel.on} * cells_.height + row) * tile_ * stride + std::size_t{column} * tile_];
    const auto reach = [this](std::uint32_t at, std::uint32_t cell, std::uint32_t length) {
      return std::pair{std::max(at - std::min(at, radius_), cell * cell_),
                       std::min({at + radius_, cell * cell_ + cell_ - 1, length - 1})};
    };
    const auto [left, right] = reach(pixel.x, column, geometry_.width);
    const auto [top, bottom] = reach(pixel.y, row, geometry_.height);
    Memory* memories = memories_.data() + pixel.on * geometry_.pixels();
    for (std::uint32_t y = top; y <= bottom; ++y) {
      for (std::uint32_t x = left; x <= right; ++x) {
        Memory& memory = memories[std::size_t{y} * geometry_.width + x];
        if (memory.sum > 0) tile[(y + radius_ - pixel.y) * stride + x + radius_ - pixel.x] += decay(memory);
      }
    }
    tile[radius_ * stride + radius_] += 1;
    Memory& own = memories[pixel.index(geometry_)];
    own.sum = decay(own) + 1;
    if (max_age_us_) own.events.push_back(latest_);
  }

  /// The memory's sum as it is now.
  double decay(Memory& memory) const {
    if (memory.sum > 0 && memory.time != latest_) memory.sum *= std::exp(-between(memory.time, latest_) / tau_us_);
    memory.time = latest_;
    while (!memory.events.empty() && between(memory.events.front(), latest_) > static_cast<double>(*max_age_us_)) {
      memory.sum -= std::exp(-between(memory.events.front(), latest_) / tau_us_);
      memory.events.pop_front();
      if (memory.events.empty()) memory.sum = 0;
    }
    return memory.sum;
  }

  static double between(std::int64_t from, std::int64_t to) {
    return static_cast<double>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
  }

  std::uint32_t cell_, radius_, tile_ = 1;
  double tau_us_;
  std::optional<std::int64_t> max_age_us_;
  Geometry geometry_, cells_;
  std::vector<Memory> memories_;       // of a pixel, by polarity
  std::vector<double> sums_;           // of the tensor's elements
  std::vector<std::uint64_t> counts_;  // of a cell's events, by polarity
  std::int64_t latest_ = 0;            // times follow the running maximum
  float* out_ = nullptr;
  std::size_t outside_ = 0;
};

}  // namespace

std::vector<std::size_t> AveragedTimeSurface::shape(Geometry geometry) const {
  const std::size_t tile = 2 * std::size_t{radius_} + 1;
  return {2, (geometry.height + cell_ - 1) / cell_ * tile, (geometry.width + cell_ - 1) / cell_ * tile};
}

std::unique_ptr<Accumulator> AveragedTimeSurface::accumulator(Geometry geometry) const {
  return std::make_unique<AveragedTimeSurfaceAccumulator>(cell_, radius_, tau_us_, max_age_us_, geometry);
}

}  // namespace aestream
