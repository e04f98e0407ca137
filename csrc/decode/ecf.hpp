// ECF, the codec of the chunks of Prophesee's HDF5 files: streams of times, rows, columns and polarities, one behind the
// other. Spec: github.com/prophesee-ai/hdf5_ecf.
#pragma once

#include "core/bytes.hpp"
#include "core/event.hpp"

namespace aestream {

constexpr std::size_t max_ecf_events = 65535;

/// How many events the head of a block announces. Throws FormatError if a block of that size cannot hold so many.
std::size_t ecf_count(ByteSpan block);

/// Decodes one block into the first events of `out` and returns their number. Bytes behind the last stream are ignored.
/// Throws FormatError if the block is damaged, cut, or holds more events than `out` has room for; `out` is then undefined.
std::size_t decode_ecf(ByteSpan block, EventSpan out);

}  // namespace aestream
