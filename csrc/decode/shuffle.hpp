// The shuffle filter of HDF5 and Blosc: the first bytes of all numbers, then all second bytes, and so on.
#pragma once

#include "core/bytes.hpp"

namespace aestream {

/// Puts the bytes of numbers of `size` bytes back together; those of a last, cut number lie at the end as they are.
/// `out` is as long as `in`, and apart from it.
void unshuffle(ByteSpan in, std::size_t size, MutableByteSpan out);

}  // namespace aestream
