// Blosc 1, the usual filter of DSEC's and other HDF5 files. Spec: github.com/Blosc/c-blosc, README_CHUNK_FORMAT.rst.
#pragma once

#include "core/bytes.hpp"
#include "decode/inflate.hpp"

namespace aestream {

struct BloscCodecs {
  Inflate lz4;  // a block without frame
  Inflate zlib;
  Inflate zstd;
};

/// Bytes that a chunk claims to hold. Throws FormatError if it is no chunk of Blosc 1.
std::size_t blosc_size(ByteSpan chunk);

/// Decodes a chunk into `out`, whose size must be blosc_size(). Throws FormatError if the chunk is damaged, or uses
/// BloscLZ, Snappy or the shuffle of bits.
void decode_blosc(ByteSpan chunk, const BloscCodecs& codecs, MutableByteSpan out);

}  // namespace aestream
