// HATS. A cell with few events walks over them; in others a pixel's earlier events decay together, so that their sum and the
// latest time are enough, and only a limit of age needs the events themselves.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "accumulate/exponential.hpp"
#include "accumulate/histories.hpp"
#include "accumulate/pixel.hpp"
#include "accumulate/tore.hpp"

namespace aestream {
namespace {

class AveragedTimeSurfaceAccumulator final : public Accumulator {
 public:
  AveragedTimeSurfaceAccumulator(std::uint32_t cell, std::uint32_t radius, double tau_us,
                                 std::optional<std::int64_t> max_age_us, Geometry geometry)
      : cell_(cell), radius_(radius), tau_us_(tau_us), max_age_us_(max_age_us), geometry_(geometry) {
    rows_ = {(geometry.width + cell - 1) / cell, (geometry.height + cell - 1) / cell};
    tile_ = 2 * radius + 1;
    cells_.resize(2 * rows_.pixels());
    sums_.resize(elements());
  }

  std::size_t size() const override { return elements() * sizeof(float); }

  void begin(std::uint8_t* out, const Axis&) override {
    out_ = reinterpret_cast<float*>(out);
    std::memset(out, 0, size());
    for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
      if (cells_[cell].count != 0) clear_cell(cell);
    }
    events_.clear();
    memories_.clear();
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
    for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
      if (cells_[cell].count != 0) finish_cell(cell);
    }
    return outside_;
  }

 private:
  /// Events of a cell that has few, each with the one before it.
  struct Remembered {
    std::int64_t time;
    std::uint32_t x, y;  // in the cell
    std::uint32_t before;
  };

  struct Cell {
    std::uint64_t count = 0;
    std::uint32_t newest = no_event;    // of its events, while they are few
    std::uint32_t memories = no_event;  // then those of its pixels: the first
  };

  static constexpr std::uint64_t few = 16;

  std::size_t elements() const { return 2 * rows_.pixels() * tile_ * tile_; }
  std::size_t stride() const { return std::size_t{rows_.width} * tile_; }

  /// The first element of a cell of both polarities' cells.
  std::size_t place_of(std::size_t cell) const {
    return cell / rows_.width * tile_ * stride() + cell % rows_.width * tile_;
  }

  void clear_cell(std::size_t cell) {
    cells_[cell] = {};
    for (std::size_t row = 0, at = place_of(cell); row < tile_; ++row, at += stride()) {
      std::fill_n(&sums_[at], tile_, 0.0);
    }
  }

  void finish_cell(std::size_t cell) {
    const auto count = static_cast<double>(cells_[cell].count);
    for (std::size_t row = 0, at = place_of(cell); row < tile_; ++row, at += stride()) {
      for (std::size_t i = at; i < at + tile_; ++i) out_[i] = static_cast<float>(sums_[i] / count);
    }
  }

  void add(const Pixel& pixel) {
    const std::uint32_t column = pixel.x / cell_, row = pixel.y / cell_;
    const std::size_t at = pixel.on * rows_.pixels() + std::size_t{row} * rows_.width + column;
    Cell& cell = cells_[at];
    const std::uint32_t x = pixel.x - column * cell_, y = pixel.y - row * cell_;
    double* const middle = &sums_[place_of(at) + radius_ * stride() + radius_];
    ++cell.count;
    *middle += 1;
    if (cell.count > few) {
      if (cell.memories == no_event) move_to_memories(cell);
      return add_by_pixels(cell, x, y, middle);
    }
    add_by_events(cell, x, y, middle);
    events_.push_back({latest_, x, y, cell.newest});
    cell.newest = static_cast<std::uint32_t>(events_.size() - 1);
  }

  /// What the cell's earlier events are worth now, one by one.
  void add_by_events(const Cell& cell, std::uint32_t x, std::uint32_t y, double* middle) {
    const auto stride = static_cast<std::ptrdiff_t>(this->stride());
    for (std::uint32_t i = cell.newest; i != no_event; i = events_[i].before) {
      const Remembered& event = events_[i];
      const auto dx = static_cast<std::int32_t>(event.x - x), dy = static_cast<std::int32_t>(event.y - y);
      if (static_cast<std::uint32_t>(std::abs(dx)) > radius_ || static_cast<std::uint32_t>(std::abs(dy)) > radius_)
        continue;
      const double age = between(event.time, latest_);
      if (max_age_us_ && age > static_cast<double>(*max_age_us_)) break;  // as are all before it
      middle[dy * stride + dx] += decayed(age / tau_us_);
    }
  }

  /// And pixel by pixel, whose events decay together.
  void add_by_pixels(const Cell& cell, std::uint32_t x, std::uint32_t y, double* middle) {
    const auto stride = static_cast<std::ptrdiff_t>(this->stride());
    Memory* const memories = &memories_[cell.memories];
    const std::uint32_t left = x - std::min(x, radius_), right = std::min(x + radius_, cell_ - 1);
    const std::uint32_t top = y - std::min(y, radius_), bottom = std::min(y + radius_, cell_ - 1);
    for (std::uint32_t row = top; row <= bottom; ++row) {
      for (std::uint32_t column = left; column <= right; ++column) {
        Memory& memory = memories[std::size_t{row} * cell_ + column];
        const auto dx = static_cast<std::int32_t>(column - x), dy = static_cast<std::int32_t>(row - y);
        if (memory.sum > 0) middle[dy * stride + dx] += decay(memory, latest_);
      }
    }
    remember(memories[std::size_t{y} * cell_ + x], latest_);
  }

  void move_to_memories(Cell& cell) {
    cell.memories = static_cast<std::uint32_t>(memories_.size());
    memories_.resize(memories_.size() + std::size_t{cell_} * cell_);
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = cell.newest; i != no_event; i = events_[i].before) order.push_back(i);
    for (std::size_t i = order.size(); i-- > 0;) {
      const Remembered& event = events_[order[i]];
      remember(memories_[cell.memories + std::size_t{event.y} * cell_ + event.x], event.time);
    }
  }

  void remember(Memory& memory, std::int64_t time) {
    memory.sum = decay(memory, time) + 1;
    if (max_age_us_) histories_.push(memory, time);
  }

  /// The memory's sum as it is then.
  double decay(Memory& memory, std::int64_t time) {
    if (memory.sum > 0 && memory.time != time) memory.sum *= decayed(between(memory.time, time) / tau_us_);
    memory.time = time;
    while (memory.first != no_event && between(histories_.first(memory), time) > static_cast<double>(*max_age_us_)) {
      memory.sum -= decayed(between(histories_.first(memory), time) / tau_us_);
      histories_.pop(memory);
      if (memory.first == no_event) memory.sum = 0;
    }
    return memory.sum;
  }

  static double between(std::int64_t from, std::int64_t to) {
    return static_cast<double>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
  }

  std::uint32_t cell_, radius_, tile_ = 1;
  double tau_us_;
  std::optional<std::int64_t> max_age_us_;
  Geometry geometry_, rows_;  // pixels, cells
  std::vector<Cell> cells_;   // by polarity
  std::vector<Remembered> events_;
  std::vector<Memory> memories_;
  Histories histories_;
  std::vector<double> sums_;  // of the tensor's elements
  std::int64_t latest_ = 0;   // times follow the running maximum
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
