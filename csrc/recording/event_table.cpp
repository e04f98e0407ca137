// ColumnTable.
#include "recording/event_table.hpp"

#include <algorithm>
#include <utility>

namespace aestream {

ColumnTable::ColumnTable(const Columns& columns, std::uint64_t num_events, std::shared_ptr<const MappedFile> file,
                         std::shared_ptr<const void> owner)
    : EventTable(num_events), columns_(columns), file_(std::move(file)), owner_(std::move(owner)) {
  const auto [first, last] = std::minmax({columns.t.begin, columns.x.begin, columns.y.begin, columns.p.begin});
  const std::size_t stride = columns.t.stride;
  in_rows_ = file_ && last - first < stride && columns.x.stride == stride && columns.y.stride == stride &&
             columns.p.stride == stride;
}

void ColumnTable::read(std::uint64_t first, EventSpan out) const {
  if (file_) return pack(columns_, first, out);
  without_offset([&] { pack(columns_, first, out); });
}

std::int64_t ColumnTable::latest(std::uint64_t first, std::size_t count) const {
  if (!file_) return without_offset([&] { return latest_time(columns_, first, count); });
  const std::int64_t latest = latest_time(columns_, first, count);
  if (file_->is_large()) file_->forget(offset(first), offset(first + count));
  return latest;
}

std::uint64_t ColumnTable::offset(std::uint64_t row) const {
  return file_ ? columns_.t.begin + row * columns_.t.stride : 0;
}

void ColumnTable::forget(std::uint64_t first, std::uint64_t last) const {
  if (!file_ || first >= last) return;
  if (in_rows_) return file_->forget(first, last);
  const auto row = [&](std::uint64_t offset) { return (offset - columns_.t.begin) / columns_.t.stride; };
  for (const Column& column : {columns_.t, columns_.x, columns_.y, columns_.p}) {
    file_->forget(column.begin + row(first) * column.stride, column.begin + row(last) * column.stride);
  }
}

}  // namespace aestream
