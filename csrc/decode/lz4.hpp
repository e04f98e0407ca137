// LZ4 frames as cameras write them: no checksums of blocks or contents, no dictionary. Spec: lz4.org, frame 1.6 and block.
#pragma once

#include <cstddef>
#include <optional>

#include "core/bytes.hpp"

namespace aestream {

/// Inflates a frame into `out` and returns its size. Nothing if it is damaged, of another kind or too large for `out`, which
/// then may hold anything: a decompressor of all LZ4 knows what it is.
std::optional<std::size_t> inflate_lz4(ByteSpan frame, MutableByteSpan out);

}  // namespace aestream
