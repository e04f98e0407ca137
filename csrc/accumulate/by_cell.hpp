// Events that wait until many can be added cell by cell.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace aestream {

struct CellEvent {
  std::int64_t time;
  std::uint32_t cell;
  std::uint16_t x, y;  // in the cell
};

class ByCell {
 public:
  void clear() { waiting_.clear(); }

  void add(const CellEvent& event) { waiting_.push_back(event); }

  bool is_full() const { return waiting_.size() >= most; }

  /// Calls `add_some(cell, events)` for each of `cells` that has any, in their order, and keeps none.
  template <class AddSome>
  void take(std::size_t cells, const AddSome& add_some) {
    stops_.assign(cells + 1, 0);
    for (const CellEvent& event : waiting_) ++stops_[event.cell + 1];
    std::partial_sum(stops_.begin(), stops_.end(), stops_.begin());
    sorted_.resize(waiting_.size());
    for (const CellEvent& event : waiting_) sorted_[stops_[event.cell]++] = event;  // from its cell's start to its stop
    waiting_.clear();
    std::size_t start = 0;
    for (std::size_t cell = 0; cell < cells; start = stops_[cell++]) {
      if (start < stops_[cell]) add_some(cell, std::span<const CellEvent>(&sorted_[start], stops_[cell] - start));
    }
  }

 private:
  static constexpr std::size_t most = std::size_t{1} << 16;

  std::vector<CellEvent> waiting_, sorted_;
  std::vector<std::uint32_t> stops_;
};

}  // namespace aestream
