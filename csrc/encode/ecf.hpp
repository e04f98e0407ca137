// ECF as written: one block, in the mode that its first quarter makes look the smallest.
#pragma once

#include "core/event.hpp"
#include "encode/bytes.hpp"

namespace aestream {

/// The block that holds `events`. Throws std::invalid_argument if there are more than 65535, a time is negative or below
/// the one before, or x or y lies outside [0, 2047].
Bytes encode_ecf(ConstEventSpan events);

}  // namespace aestream
