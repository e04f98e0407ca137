// HATS, cell by cell, so that what a cell knows is in the cache. In a cell with few events each looks at those before it; in
// others a pixel's earlier events decay together, so that their sum and the latest time are enough, and only a limit of age
// needs the events themselves.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "accumulate/by_cell.hpp"
#include "accumulate/exponential.hpp"
#include "accumulate/histories.hpp"
#include "accumulate/pixel.hpp"
#include "accumulate/tore.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

/// What events of these ages are worth.
AESTREAM_MULTIVERSION
void weigh(const std::uint64_t* ages, std::size_t count, double tau_us, double* values) {
  for (std::size_t i = 0; i < count; ++i) values[i] = decayed(static_cast<double>(ages[i]) / tau_us);
}

constexpr std::size_t few = 64;

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
      if (cells_[cell].count != 0) std::fill_n(&sums_[cell * tile_ * tile_], tile_ * tile_, 0.0);
      cells_[cell] = {};
    }
    waiting_.clear();
    events_.clear();
    memories_.clear();
    histories_.clear();
    latest_ = std::numeric_limits<std::int64_t>::min();
    outside_ = 0;
  }

  void consume(ConstEventSpan events) override {
    const std::uint64_t inverse = (std::uint64_t{1} << 32) / cell_ + 1;  // exact: coordinates have 16 bits
    const auto cells = static_cast<std::uint32_t>(rows_.pixels());
    for (const Event& event : events) {
      latest_ = std::max(latest_, event.t);
      const Pixel pixel(event);
      if (!pixel.inside(geometry_)) [[unlikely]] {
        ++outside_;
        continue;
      }
      const auto column = static_cast<std::uint32_t>(pixel.x * inverse >> 32);
      const auto row = static_cast<std::uint32_t>(pixel.y * inverse >> 32);
      const std::uint32_t cell = pixel.on * cells + row * rows_.width + column;
      waiting_.add({latest_, cell, static_cast<std::uint16_t>(pixel.x - column * cell_),
                    static_cast<std::uint16_t>(pixel.y - row * cell_)});
      if (waiting_.is_full()) add_waiting();
    }
  }

  std::size_t finish() override {
    add_waiting();
    for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
      if (cells_[cell].count != 0) finish_cell(cell);
    }
    return outside_;
  }

 private:
  /// Events of a cell that has few, each with the one before it.
  struct Remembered {
    std::int64_t time;
    std::uint16_t x, y;
    std::uint32_t before;
  };

  struct Cell {
    std::uint64_t count = 0;
    std::uint32_t newest = no_event;    // of its events, while they are few
    std::uint32_t memories = no_event;  // then those of its pixels: the first
  };

  std::size_t elements() const { return 2 * rows_.pixels() * tile_ * tile_; }

  void finish_cell(std::size_t cell) {
    const auto count = static_cast<double>(cells_[cell].count);
    const double* sum = &sums_[cell * tile_ * tile_];
    const std::size_t stride = std::size_t{rows_.width} * tile_;
    float* out = out_ + cell / rows_.width * tile_ * stride + cell % rows_.width * tile_;
    for (std::size_t row = 0; row < tile_; ++row, out += stride) {
      for (std::size_t i = 0; i < tile_; ++i) out[i] = static_cast<float>(*sum++ / count);
    }
  }

  void add_waiting() {
    waiting_.take(cells_.size(), [this](std::size_t cell, std::span<const CellEvent> events) { add(cell, events); });
  }

  void add(std::size_t at, std::span<const CellEvent> events) {
    Cell& cell = cells_[at];
    double* const tile = &sums_[at * tile_ * tile_];
    const std::size_t room = few - std::min<std::uint64_t>(few, cell.count);
    const std::span first = events.first(std::min(room, events.size()));
    if (!first.empty()) add_by_events(cell, first, tile);
    for (const CellEvent& event : events.subspan(first.size())) {
      if (cell.memories == no_event) move_to_memories(cell);
      ++cell.count;
      add_by_pixels(cell, event, tile);
    }
  }

  /// And what the cell's earlier events are worth then, one by one: first the pairs, then their weights, then the sums.
  void add_by_events(Cell& cell, std::span<const CellEvent> events, double* tile) {
    std::int64_t times[few];
    std::uint32_t xs[few], ys[few], ends[few], pairs[few * few / 2];
    double values[few * few / 2];
    const auto before = static_cast<std::size_t>(cell.count), end = before + events.size();
    for (std::size_t i = before, from = cell.newest; i-- > 0; from = events_[from].before) {
      times[i] = events_[from].time;
      xs[i] = events_[from].x;
      ys[i] = events_[from].y;
    }
    const std::uint64_t oldest = max_age_us_ ? static_cast<std::uint64_t>(*max_age_us_) : UINT64_MAX;
    const auto age = [&](std::size_t i, std::size_t k) {
      return static_cast<std::uint64_t>(times[i]) - static_cast<std::uint64_t>(times[k]);
    };
    const std::uint32_t radius = radius_, length = tile_;
    std::uint32_t found = 0;
    std::size_t first = 0;  // that is not too old
    for (std::size_t i = before; i < end; ++i) {
      const CellEvent& event = events[i - before];
      times[i] = event.time;
      xs[i] = event.x;
      ys[i] = event.y;
      events_.push_back({event.time, event.x, event.y, cell.newest});
      cell.newest = static_cast<std::uint32_t>(events_.size() - 1);
      while (age(i, first) > oldest) ++first;
      const std::uint32_t x = xs[i] - radius, y = ys[i] - radius;
      for (std::size_t k = i; k-- > first;) {
        pairs[found] = static_cast<std::uint32_t>(i * few + k);
        found += (xs[k] - x < length) & (ys[k] - y < length);
      }
      ends[i] = found;
    }
    cell.count = end;
    for (std::uint32_t pair = 0; pair < found; ++pair) ages_[pair] = age(pairs[pair] / few, pairs[pair] % few);
    weigh(ages_.data(), found, tau_us_, values);
    for (std::size_t i = before, pair = 0; i < end; ++i) {
      double* const middle = tile + radius * length + radius;
      *middle += 1;
      for (; pair < ends[i]; ++pair) {
        const std::size_t k = pairs[pair] % few;
        const auto dx = static_cast<std::int32_t>(xs[k] - xs[i]), dy = static_cast<std::int32_t>(ys[k] - ys[i]);
        middle[dy * static_cast<std::int32_t>(length) + dx] += values[pair];
      }
    }
  }

  /// And pixel by pixel, whose events decay together.
  void add_by_pixels(const Cell& cell, const CellEvent& event, double* tile) {
    Memory* const memories = &memories_[cell.memories];
    const std::uint32_t x = event.x, y = event.y;
    const std::uint32_t left = x - std::min(x, radius_), right = std::min(x + radius_, cell_ - 1);
    const std::uint32_t top = y - std::min(y, radius_), bottom = std::min(y + radius_, cell_ - 1);
    tile[radius_ * tile_ + radius_] += 1;
    for (std::uint32_t row = top; row <= bottom; ++row) {
      for (std::uint32_t column = left; column <= right; ++column) {
        Memory& memory = memories[std::size_t{row} * cell_ + column];
        const std::uint32_t place = (row - y + radius_) * tile_ + (column - x + radius_);
        if (memory.sum > 0) tile[place] += decay(memory, event.time);
      }
    }
    remember(memories[std::size_t{y} * cell_ + x], event.time);
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
  ByCell waiting_;
  std::vector<Remembered> events_;
  std::vector<Memory> memories_;
  Histories histories_;
  std::array<std::uint64_t, few * few / 2> ages_{};  // of pairs
  std::vector<double> sums_;                         // of the tensor's elements, cell by cell
  std::int64_t latest_ = 0;                          // times follow the running maximum
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
