// Decompressors are not ours: whoever opens a file passes them in.
#pragma once

#include <cstddef>
#include <functional>

#include "core/bytes.hpp"

namespace aestream {

/// Inflates the whole of `compressed` into `out` and returns its size. Throws FormatError when it is damaged or `out` too
/// small; what fitted is in `out` even then. Called from several threads at once.
using Inflate = std::function<std::size_t(ByteSpan compressed, MutableByteSpan out)>;

}  // namespace aestream
