// Tables to an index: from their times, read block by block, or from an index of time that the file itself holds.
#include "recording/block_source.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::uint64_t max_checkpoints = 16384;
constexpr std::uint64_t task_rows = std::uint64_t{1} << 14;    // where rows can be read alone
constexpr std::uint64_t most_cached = 8;                       // blocks, of usual size
constexpr std::uint64_t cached_rows = std::uint64_t{1} << 23;  // 128 MiB of events, in larger blocks
constexpr std::int64_t step_us = 1000;
constexpr std::uint64_t of_time_table = 1;  // in a checkpoint's state: its bound is the file's claim

}  // namespace

class BlockCursor final : public Cursor {
 public:
  BlockCursor(const BlockSource& source, std::uint64_t row)
      : source_(source), table_(*source.table_), at_(std::min(row, table_.num_events())) {}

  std::uint64_t offset() const override { return table_.offset(at_); }

 protected:
  std::size_t decode(EventSpan out) override {
    const std::uint64_t room = std::min<std::uint64_t>(out.size(), table_.num_events() - at_);
    if (room == 0) return 0;
    const std::uint64_t rows = table_.block() == 0 ? room : rows_of_block();
    if (rows <= room && is_at_block()) {
      table_.read(at_, out.first(rows));
      at_ += rows;
      return rows;
    }
    const ConstEventSpan events = rest_of_block();
    const std::size_t count = std::min<std::size_t>(events.size(), room);
    std::copy_n(events.begin(), count, out.begin());
    at_ += count;
    return count;
  }

  ConstEventSpan next_block() override {
    if (table_.block() == 0) return Cursor::next_block();
    if (at_ == table_.num_events()) return {};
    const ConstEventSpan events = rest_of_block();
    at_ += events.size();
    return events;
  }

 private:
  bool is_at_block() const { return table_.block() == 0 || at_ % table_.block() == 0; }

  std::uint64_t rows_of_block() const {
    return std::min<std::uint64_t>(table_.block(), table_.num_events() - at_ / table_.block() * table_.block());
  }

  ConstEventSpan rest_of_block() {
    current_ = source_.block(at_ / table_.block());
    return current_->events().subspan(at_ % table_.block());
  }

  const BlockSource& source_;
  const EventTable& table_;
  std::uint64_t at_;
  std::shared_ptr<const BlockSource::Block> current_;  // whose events were handed out
};

bool TimeTable::is_sound(std::uint64_t num_events) const {
  if (rows.empty() || !std::ranges::is_sorted(rows) || rows.back() > num_events) return false;
  constexpr std::int64_t furthest = std::numeric_limits<std::int64_t>::max() / 2;
  return rows.size() < furthest / step_us && start_us > -furthest && start_us < furthest;
}

BlockSource::BlockSource(std::unique_ptr<const EventTable> table, TimeTable times)
    : table_(std::move(table)),
      times_(std::move(times)),
      unit_(table_->block() == 0 ? task_rows : table_->block()),
      stride_((table_->num_events() / unit_ / max_checkpoints + 1) * unit_),
      believes_times_(times_.is_sound(table_->num_events()) && table_->block() != 0),
      cached_(std::clamp<std::uint64_t>(cached_rows / unit_, 2, most_cached)),
      verified_(table_->num_events() / stride_ + 1) {}

Index BlockSource::build_index(std::size_t threads, bool times) const {
  Index index = times && believes_times_ ? index_of_table() : index_of_rows(threads, times);
  index.num_events = table_->num_events();
  index.has_times = times;
  return index;
}

Index BlockSource::index_of_rows(std::size_t threads, bool times) const {
  const std::uint64_t rows = table_->num_events();
  std::vector<std::int64_t> latest((rows + unit_ - 1) / unit_, no_time);
  if (times) {
    parallel_for(latest.size(), threads,
                 [&](std::size_t i) { latest[i] = table_->latest(i * unit_, std::min(unit_, rows - i * unit_)); });
  }
  Index index;
  index.checkpoints.push_back(start());
  std::int64_t bound = no_time;
  for (std::size_t i = 1; i < latest.size(); ++i) {
    bound = std::max(bound, latest[i - 1]);
    if (i * unit_ % stride_ != 0) continue;
    index.checkpoints.push_back(checkpoint_at(i * unit_));
    index.checkpoints.back().time_bound = bound;
  }
  return index;
}

/// A checkpoint is bounded by the first entry that does not lie before it. Behind the last entry there are none.
Index BlockSource::index_of_table() const {
  Index index;
  index.checkpoints.push_back(start());
  auto entry = times_.rows.begin();
  for (std::uint64_t row = stride_; row < table_->num_events(); row += stride_) {
    entry = std::lower_bound(entry, times_.rows.end(), row);
    if (entry == times_.rows.end()) break;
    index.checkpoints.push_back(checkpoint_at(row));
    index.checkpoints.back().time_bound = times_.start_us + (entry - times_.rows.begin()) * step_us - 1;
    index.checkpoints.back().state.words[0] = of_time_table;
  }
  return index;
}

/// The block before a checkpoint shows a bound that is too early, unless times step back further than a block.
void BlockSource::verify(const Checkpoint& checkpoint) const {
  if (checkpoint.state.words[0] != of_time_table) return;
  const std::uint64_t row = checkpoint.ordinal, number = row / stride_;
  if (row == 0 || row % stride_ != 0 || row > table_->num_events()) {
    throw TimeMismatch(no_offset, "expected a stored index of this file, found one of another");
  }
  {
    const std::lock_guard lock(mutex_);
    if (verified_[number]) return;
  }
  const std::int64_t latest = table_->latest(row - unit_, unit_);
  if (latest > checkpoint.time_bound) {
    believes_times_ = false;
    throw TimeMismatch(no_offset, "expected no event before row " + std::to_string(row) + " after " +
                                      std::to_string(checkpoint.time_bound) + " us as the file's index says, found " +
                                      std::to_string(latest));
  }
  const std::lock_guard lock(mutex_);
  verified_[number] = true;
}

void BlockSource::check_places(const Index& index) const {
  bool are_rows = index.num_events == table_->num_events() && index.cut_bytes == 0;
  for (std::size_t i = 0; i < index.checkpoints.size(); ++i) {
    are_rows &=
        index.checkpoints[i].ordinal == i * stride_ && index.checkpoints[i].offset == table_->offset(i * stride_);
  }
  if (!are_rows) throw IndexMismatch("expected an index of this table, found one with other rows");
}

std::unique_ptr<Cursor> BlockSource::open(const Checkpoint& checkpoint) const {
  return std::make_unique<BlockCursor>(*this, checkpoint.ordinal);
}

std::shared_ptr<BlockSource::Block> BlockSource::find_or_keep(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  auto found = std::ranges::find_if(cached_, [&](const auto& block) { return block && block->number == number; });
  if (found == cached_.end()) {
    found = cached_.end() - 1;
    *found = std::make_shared<Block>();
    (*found)->number = number;
  }
  std::rotate(cached_.begin(), found, found + 1);
  return cached_.front();
}

std::shared_ptr<const BlockSource::Block> BlockSource::block(std::uint64_t number) const {
  const std::shared_ptr<Block> block = find_or_keep(number);
  const std::lock_guard lock(block->decoding);
  if (block->is_decoded) return block;
  const std::uint64_t first = number * unit_;
  block->count = std::min(unit_, table_->num_events() - first);
  block->memory = Buffer(block->count * sizeof(Event));
  table_->read(first, {block->memory.as<Event>(), block->count});
  block->is_decoded = true;
  return block;
}

}  // namespace aestream
