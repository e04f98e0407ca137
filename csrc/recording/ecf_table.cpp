// A block is one chunk. The last one may be padded to the size of a chunk, so it is decoded beside the result.
#include "recording/ecf_table.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "decode/ecf.hpp"

namespace aestream {

EcfTable::EcfTable(std::shared_ptr<const MappedFile> file, ChunkedDataset dataset, const Columns& columns,
                   std::uint64_t num_events)
    : EventTable(num_events), file_(std::move(file)), dataset_(std::move(dataset)), columns_(columns) {}

std::size_t EcfTable::decode(const Chunk& chunk, EventSpan out) const {
  const ByteSpan block = stored_bytes(*file_, chunk);
  try {
    return decode_ecf(block, out);
  } catch (const FormatError& error) {
    throw error.shifted(chunk.offset);
  }
}

void EcfTable::copy_rows(const Chunk& chunk, std::uint64_t first, EventSpan out) const {
  Columns columns = columns_;
  columns.first_row = first;
  for (Column* column : {&columns.t, &columns.x, &columns.y, &columns.p}) column->bytes = stored_bytes(*file_, chunk);
  if (!columns.hold(out.size())) {
    throw FormatError(chunk.offset, "expected a chunk of " + std::to_string(out.size()) + " rows, found " +
                                        std::to_string(chunk.size) + " bytes");
  }
  try {
    pack(columns, 0, out);
  } catch (const FormatError& error) {
    throw error.shifted(chunk.offset);
  }
}

void EcfTable::read(std::uint64_t first, EventSpan out) const {
  const Chunk& chunk = dataset_.chunks[first / dataset_.chunk_rows];
  if (chunk.skipped != 0) {
    copy_rows(chunk, first, out);
  } else {
    Buffer memory;
    EventSpan room = out;
    if (out.size() < dataset_.chunk_rows) {
      memory = Buffer(dataset_.chunk_rows * sizeof(Event));
      room = {memory.as<Event>(), dataset_.chunk_rows};
    }
    if (const std::size_t found = decode(chunk, room); found < out.size()) {
      throw FormatError(chunk.offset, "expected a block of " + std::to_string(out.size()) + " events, found " +
                                          std::to_string(found));
    }
    if (memory.size() != 0) std::ranges::copy(room.first(out.size()), out.begin());
  }
  if (file_->is_large()) file_->forget(chunk.offset, chunk.offset + chunk.size);
}

std::int64_t EcfTable::latest(std::uint64_t first, std::size_t count) const {
  const Buffer memory(count * sizeof(Event));
  const EventSpan events{memory.as<Event>(), count};
  read(first, events);
  std::int64_t latest = no_time;
  for (const Event& event : events) latest = std::max(latest, event.t);
  return latest;
}

}  // namespace aestream
