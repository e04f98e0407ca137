// HATS without its history: a pixel's earlier events decay together, so their sum and the latest time are enough. Only a
// limit of age needs the events themselves.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "accumulate/pixel.hpp"
#include "accumulate/tore.hpp"

namespace aestream {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

struct Memory {
  double sum = 0;                           // of exp(-(time - t_j) / tau) over the pixel's events j
  std::int64_t time = 0;                    // when that was
  std::uint32_t first = none, last = none;  // of the events that are not too old, where there is a limit
};

/// The events that pixels remember: lists in one piece of memory, in which places are used again.
class Histories {
 public:
  void clear() {
    kept_.clear();
    free_ = none;
  }

  void push(Memory& memory, std::int64_t time) {
    std::uint32_t place = free_;
    if (place == none) {
      place = static_cast<std::uint32_t>(kept_.size());
      kept_.emplace_back();
    } else {
      free_ = kept_[place].next;
    }
    kept_[place] = {time, none};
    (memory.last == none ? memory.first : kept_[memory.last].next) = place;
    memory.last = place;
  }

  std::int64_t first(const Memory& memory) const { return kept_[memory.first].time; }

  void pop(Memory& memory) {
    const std::uint32_t place = memory.first;
    memory.first = kept_[place].next;
    if (memory.first == none) memory.last = none;
    kept_[place].next = free_;
    free_ = place;
  }

 private:
  struct Kept {
    std::int64_t time;
    std::uint32_t next;
  };

  std::vector<Kept> kept_;
  std::uint32_t free_ = none;
};

class AveragedTimeSurfaceAccumulator final : public Accumulator {
 public:
  AveragedTimeSurfaceAccumulator(std::uint32_t cell, std::uint32_t radius, double tau_us,
                                 std::optional<std::int64_t> max_age_us, Geometry geometry)
      : cell_(cell), radius_(radius), tau_us_(tau_us), max_age_us_(max_age_us), geometry_(geometry) {
    cells_ = {(geometry.width + cell - 1) / cell, (geometry.height + cell - 1) / cell};
    tile_ = 2 * radius + 1;
    memories_.resize(2 * geometry.pixels());
    sums_.resize(elements());
    counts_.resize(2 * cells_.pixels());
  }

  std::size_t size() const override { return elements() * sizeof(float); }

  void begin(std::uint8_t* out, const Axis&) override {
    out_ = reinterpret_cast<float*>(out);
    std::memset(out, 0, size());
    for (std::size_t cell = 0; cell < counts_.size(); ++cell) {
      if (counts_[cell] != 0) clear_cell(cell);
    }
    for (const std::uint32_t pixel : remembered_) memories_[pixel] = {};
    remembered_.clear();
    histories_.clear();
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
    for (std::size_t cell = 0; cell < counts_.size(); ++cell) {
      if (counts_[cell] != 0) finish_cell(cell);
    }
    return outside_;
  }

 private:
  std::size_t elements() const { return 2 * cells_.pixels() * tile_ * tile_; }
  std::size_t stride() const { return std::size_t{cells_.width} * tile_; }

  /// The first element of a cell of both polarities' cells.
  std::size_t place_of(std::size_t cell) const {
    return cell / cells_.width * tile_ * stride() + cell % cells_.width * tile_;
  }

  void clear_cell(std::size_t cell) {
    counts_[cell] = 0;
    for (std::size_t row = 0, at = place_of(cell); row < tile_; ++row, at += stride()) {
      std::fill_n(&sums_[at], tile_, 0.0);
    }
  }

  void finish_cell(std::size_t cell) {
    const auto count = static_cast<double>(counts_[cell]);
    for (std::size_t row = 0, at = place_of(cell); row < tile_; ++row, at += stride()) {
      for (std::size_t i = at; i < at + tile_; ++i) out_[i] = static_cast<float>(sums_[i] / count);
    }
  }

  void add(const Pixel& pixel) {
    const std::uint32_t column = pixel.x / cell_, row = pixel.y / cell_;
    const std::size_t cell = pixel.on * cells_.pixels() + std::size_t{row} * cells_.width + column;
    ++counts_[cell];
    double* tile = &sums_[place_of(cell)];
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
        if (memory.sum > 0) tile[(y + radius_ - pixel.y) * stride() + x + radius_ - pixel.x] += decay(memory);
      }
    }
    tile[radius_ * stride() + radius_] += 1;
    Memory& own = memories[pixel.index(geometry_)];
    if (own.sum == 0) remembered_.push_back(static_cast<std::uint32_t>(&own - memories_.data()));
    own.sum = decay(own) + 1;
    if (max_age_us_) histories_.push(own, latest_);
  }

  /// The memory's sum as it is now.
  double decay(Memory& memory) {
    if (memory.sum > 0 && memory.time != latest_) memory.sum *= std::exp(-between(memory.time, latest_) / tau_us_);
    memory.time = latest_;
    while (memory.first != none && between(histories_.first(memory), latest_) > static_cast<double>(*max_age_us_)) {
      memory.sum -= std::exp(-between(histories_.first(memory), latest_) / tau_us_);
      histories_.pop(memory);
      if (memory.first == none) memory.sum = 0;
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
  std::vector<Memory> memories_;           // of a pixel, by polarity
  std::vector<std::uint32_t> remembered_;  // those of them that hold anything, and some twice
  Histories histories_;
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
