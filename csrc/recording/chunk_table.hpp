// Columns of HDF5 datasets that are stored in chunks: read from the mapped file and inflated by any number of threads.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/buffer_pool.hpp"
#include "decode/blosc.hpp"
#include "recording/event_table.hpp"

namespace aestream {

/// One chunk where the file stores it.
struct Chunk {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t skipped = 0;  // filters that it did not go through, a bit each
};

struct ChunkFilter {
  enum class Kind { Deflate, Shuffle, Blosc } kind;
  std::size_t type_size = 0;  // of shuffled numbers
};

struct ChunkedDataset {
  std::size_t row_bytes = 0;
  std::uint64_t chunk_rows = 0;
  std::vector<ChunkFilter> filters;  // as the writer applied them
  std::vector<Chunk> chunks;         // for all rows, in order

  std::uint64_t chunk_bytes() const noexcept { return chunk_rows * row_bytes; }
};

/// The stored bytes of a chunk. Throws FormatError if they lie behind the end of the file.
ByteSpan stored_bytes(const MappedFile& file, const Chunk& chunk);

class ChunkTable final : public EventTable {
 public:
  /// Which dataset a column lies in, and where in its rows; the column's bytes are filled in by the table.
  struct Place {
    std::size_t dataset = 0;
    Column column;
  };

  /// Every dataset has chunks for all events, and rows that hold their columns.
  ChunkTable(std::shared_ptr<const MappedFile> file, std::vector<ChunkedDataset> datasets,
             const std::array<Place, 4>& places, Units unit, std::uint64_t num_events, std::size_t block,
             BloscCodecs codecs);

  std::size_t block() const noexcept override { return block_; }
  void read(std::uint64_t first, EventSpan out) const override;
  std::int64_t latest(std::uint64_t first, std::size_t count) const override;

 private:
  /// A decoded chunk.
  struct Part {
    std::uint64_t first = 0, last = 0;  // rows
    ByteSpan bytes;
    Buffer memory, scratch;  // what the last filter gave, and what it took
  };
  using Parts = std::vector<Part>;  // of each dataset

  void load(Part& part, const ChunkedDataset& dataset, std::uint64_t row) const;
  ByteSpan undo(const ChunkedDataset& dataset, const Chunk& chunk, Part& part) const;
  template <class Use>
  void visit(std::uint64_t first, std::uint64_t last, std::size_t columns, const Use& use) const;
  void forget(const Parts& parts, std::uint64_t first, std::uint64_t last) const;

  std::shared_ptr<const MappedFile> file_;
  std::vector<ChunkedDataset> datasets_;
  std::array<Place, 4> places_;  // of t, x, y, p
  Units unit_;
  std::size_t block_;
  BloscCodecs codecs_;
};

}  // namespace aestream
