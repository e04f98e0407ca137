// Events of Prophesee's HDF5 files: chunks in the mapped file, of ECF blocks or of rows as they are.
#pragma once

#include <memory>
#include <vector>

#include "recording/chunk_table.hpp"

namespace aestream {

class EcfTable final : public EventTable {
 public:
  /// `columns` are those of a chunk that skipped the codec; their bytes are filled in by the table.
  EcfTable(std::shared_ptr<const MappedFile> file, ChunkedDataset dataset, const Columns& columns,
           std::uint64_t num_events);

  std::size_t block() const noexcept override { return dataset_.chunk_rows; }
  void read(std::uint64_t first, EventSpan out) const override;
  std::int64_t latest(std::uint64_t first, std::size_t count) const override;

 private:
  std::size_t decode(const Chunk& chunk, EventSpan out) const;
  void copy_rows(const Chunk& chunk, std::uint64_t first, EventSpan out) const;

  std::shared_ptr<const MappedFile> file_;
  ChunkedDataset dataset_;
  Columns columns_;
};

}  // namespace aestream
