// Rows that only another library can read: whoever opens the file passes in a function that does.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "recording/event_table.hpp"

namespace aestream {

struct FetchedRows {
  Columns columns;                    // which hold the rows that were asked for, from the first one on
  std::shared_ptr<const void> owner;  // of the columns' memory
};

/// Rows [first, last); of `only_times` the column t alone. Called from several threads at once.
using Fetch = std::function<FetchedRows(std::uint64_t first, std::uint64_t last, bool only_times)>;

class FetchedTable final : public EventTable {
 public:
  FetchedTable(Fetch fetch, Units unit, std::uint64_t num_events, std::size_t block)
      : EventTable(num_events), fetch_(std::move(fetch)), unit_(unit), block_(block) {}

  std::size_t block() const noexcept override { return block_; }

  void read(std::uint64_t first, EventSpan out) const override {
    const FetchedRows rows = fetch(first, out.size(), false);
    without_offset([&] { pack(rows.columns, 0, out); });
  }

  std::int64_t latest(std::uint64_t first, std::size_t count) const override {
    const FetchedRows rows = fetch(first, count, true);
    return without_offset([&] { return latest_time(rows.columns, 0, count); });
  }

 private:
  FetchedRows fetch(std::uint64_t first, std::size_t count, bool only_times) const {
    FetchedRows rows = fetch_(first, first + count, only_times);
    rows.columns.unit = unit_;
    rows.columns.first_row = first;
    const bool holds = only_times ? rows.columns.t.holds(count) : rows.columns.hold(count);
    if (!holds) throw FormatError(no_offset, "expected more rows, found the end of a dataset");
    return rows;
  }

  Fetch fetch_;
  Units unit_;
  std::size_t block_;
};

}  // namespace aestream
