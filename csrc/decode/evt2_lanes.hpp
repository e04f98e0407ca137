// EVT2 eight words at a time, where the processor can.
#pragma once

#include "decode/decoder.hpp"

namespace aestream::evt2 {

/// Decodes from the front as long as TIME_HIGH grows, eight words are there and eight events fit. `base` is the clock's, in
/// microseconds. Does nothing without AVX2.
Progress decode_lanes(const std::uint8_t* in, std::size_t words, std::int64_t& base, std::int64_t wraps, Event* out,
                      std::size_t capacity);

}  // namespace aestream::evt2
