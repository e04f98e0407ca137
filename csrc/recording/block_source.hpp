// The source of every format whose events are rows of a table: NPY, NPZ and HDF5.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "core/buffer_pool.hpp"
#include "recording/event_table.hpp"
#include "recording/source.hpp"

namespace aestream {

/// A file's own index of time: entry i is the first event that is not before `start_us + 1000 * i`.
struct TimeTable {
  std::vector<std::uint64_t> rows;
  std::int64_t start_us = 0;

  /// Whether there are entries, in order and none behind so many events, at times that fit.
  bool is_sound(std::uint64_t num_events) const;
};

class BlockSource final : public Source {
 public:
  /// `times` saves the index from reading all times; one that is not sound is ignored.
  explicit BlockSource(std::unique_ptr<const EventTable> table, TimeTable times = {});

  Index build_index(std::size_t threads, bool times) const override;
  Checkpoint start() const override { return {table_->offset(0), 0, no_time, {}}; }

  std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const override;
  void check_places(const Index& index) const override;

  void forget(const MappedFile&, std::uint64_t first, std::uint64_t last) const override {
    table_->forget(first, last);
  }

  /// Compares a checkpoint that is from the file's own index with the events of the block before it.
  void verify(const Checkpoint& checkpoint) const override;

 private:
  friend class BlockCursor;
  struct Block {
    std::mutex decoding;
    bool is_decoded = false;
    std::uint64_t number = 0;
    Buffer memory;
    std::size_t count = 0;

    ConstEventSpan events() const noexcept { return {memory.as<Event>(), count}; }
  };

  Checkpoint checkpoint_at(std::uint64_t row) const { return {table_->offset(row), row, no_time, {}}; }
  Index index_of_rows(std::size_t threads, bool times) const;
  Index index_of_table() const;

  /// A decoded block, kept for windows that share it. Threads that ask for the same one wait for the first.
  std::shared_ptr<const Block> block(std::uint64_t number) const;
  std::shared_ptr<Block> find_or_keep(std::uint64_t number) const;

  std::unique_ptr<const EventTable> table_;
  TimeTable times_;
  std::uint64_t unit_;    // rows of a block, or as many as one task takes
  std::uint64_t stride_;  // rows between checkpoints

  mutable std::atomic<bool> believes_times_;
  mutable std::mutex mutex_;                            // over what follows
  mutable std::vector<std::shared_ptr<Block>> cached_;  // the latest one first
  mutable std::vector<bool> verified_;                  // checkpoints, by their number
};

}  // namespace aestream
