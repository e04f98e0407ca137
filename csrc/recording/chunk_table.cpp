// Rows of a block are packed in stretches that lie in one chunk of every dataset.
#include "recording/chunk_table.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "decode/shuffle.hpp"

namespace aestream {
namespace {

void reserve(Buffer& buffer, std::size_t size) {
  if (buffer.size() < size) buffer = Buffer(size);
}

MutableByteSpan span_of(const Buffer& buffer, std::size_t size) { return {buffer.data(), size}; }

}  // namespace

ByteSpan stored_bytes(const MappedFile& file, const Chunk& chunk) {
  const ByteSpan bytes = file.bytes();
  if (chunk.offset > bytes.size() || chunk.size > bytes.size() - chunk.offset) {
    throw FormatError(std::min<std::uint64_t>(chunk.offset, bytes.size()),
                      "expected a chunk of " + std::to_string(chunk.size) + " bytes, found the end of the file");
  }
  return bytes.subspan(chunk.offset, chunk.size);
}

ChunkTable::ChunkTable(std::shared_ptr<const MappedFile> file, std::vector<ChunkedDataset> datasets,
                       const std::array<Place, 4>& places, Units unit, std::uint64_t num_events, std::size_t block,
                       BloscCodecs codecs)
    : EventTable(num_events),
      file_(std::move(file)),
      datasets_(std::move(datasets)),
      places_(places),
      unit_(unit),
      block_(block),
      codecs_(std::move(codecs)) {}

/// What the filters left, last filter first. A chunk without any is read where it lies.
ByteSpan ChunkTable::undo(const ChunkedDataset& dataset, const Chunk& chunk, Part& part) const {
  const std::size_t size = dataset.chunk_bytes();
  ByteSpan bytes = stored_bytes(*file_, chunk);
  for (std::size_t i = dataset.filters.size(); i-- > 0;) {
    if (i < 64 && bit(chunk.skipped, static_cast<unsigned>(i))) continue;
    std::swap(part.memory, part.scratch);  // what may hold the bytes becomes the input
    reserve(part.memory, size);
    const MutableByteSpan out = span_of(part.memory, size);
    const ChunkFilter& filter = dataset.filters[i];
    switch (filter.kind) {
      case ChunkFilter::Kind::Deflate: bytes = out.first(codecs_.zlib(bytes, out)); break;
      case ChunkFilter::Kind::Shuffle:
        if (bytes.size() > size)
          throw FormatError(no_offset, "expected a chunk of the dataset's size, found a longer one");
        unshuffle(bytes, filter.type_size, out.first(bytes.size()));
        bytes = out.first(bytes.size());
        break;
      case ChunkFilter::Kind::Blosc:
        if (blosc_size(bytes) != size) throw FormatError(4, "expected a chunk of the dataset's size, found another");
        decode_blosc(bytes, codecs_, out);
        bytes = out;
        break;
    }
  }
  return bytes;
}

void ChunkTable::load(Part& part, const ChunkedDataset& dataset, std::uint64_t row) const {
  if (row >= part.first && row < part.last) return;
  const std::uint64_t number = row / dataset.chunk_rows;
  const Chunk& chunk = dataset.chunks[number];
  try {
    part.bytes = undo(dataset, chunk, part);
  } catch (const FormatError& error) {
    throw FormatError(chunk.offset, "chunk " + std::to_string(number) + ": " + error.what());
  }
  if (part.bytes.size() < dataset.chunk_bytes()) {
    throw FormatError(chunk.offset, "expected a chunk of " + std::to_string(dataset.chunk_bytes()) + " bytes, found " +
                                        std::to_string(part.bytes.size()));
  }
  part.first = number * dataset.chunk_rows;
  part.last = part.first + dataset.chunk_rows;
  if (!dataset.filters.empty() && file_->is_large()) file_->forget(chunk.offset, chunk.offset + chunk.size);
}

/// use(columns, first, count) for stretches of rows [first, last); of the first so many columns.
template <class Use>
void ChunkTable::visit(std::uint64_t first, std::uint64_t last, std::size_t columns, const Use& use) const {
  Parts parts(datasets_.size());
  while (first < last) {
    std::uint64_t stop = last;
    std::array<Column, 4> places;
    for (std::size_t i = 0; i < columns; ++i) {
      const ChunkedDataset& dataset = datasets_[places_[i].dataset];
      Part& part = parts[places_[i].dataset];
      load(part, dataset, first);
      stop = std::min(stop, part.last);
      places[i] = places_[i].column;
      places[i].bytes = part.bytes;
      places[i].begin += (first - part.first) * dataset.row_bytes;
      places[i].stride = dataset.row_bytes;
    }
    const Columns all{places[0], places[1], places[2], places[3], unit_, first};
    without_offset([&] { use(all, first, stop - first); });
    forget(parts, first, stop);
    first = stop;
  }
}

/// Rows that were read where they lie; load() drops the pages of the others.
void ChunkTable::forget(const Parts& parts, std::uint64_t first, std::uint64_t last) const {
  if (!file_->is_large()) return;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const ChunkedDataset& dataset = datasets_[i];
    if (!dataset.filters.empty() || parts[i].bytes.empty()) continue;
    const std::uint64_t begin =
        dataset.chunks[first / dataset.chunk_rows].offset + (first - parts[i].first) * dataset.row_bytes;
    file_->forget(begin, begin + (last - first) * dataset.row_bytes);
  }
}

void ChunkTable::read(std::uint64_t first, EventSpan out) const {
  visit(first, first + out.size(), 4, [&](const Columns& columns, std::uint64_t row, std::size_t count) {
    pack(columns, 0, out.subspan(row - first, count));
  });
}

std::int64_t ChunkTable::latest(std::uint64_t first, std::size_t count) const {
  std::int64_t latest = no_time;
  visit(first, first + count, 1, [&](const Columns& columns, std::uint64_t, std::size_t rows) {
    latest = std::max(latest, latest_time(columns, 0, rows));
  });
  return latest;
}

}  // namespace aestream
