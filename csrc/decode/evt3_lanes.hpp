// EVT3 eight words at a time, where the processor can.
#pragma once

#include "decode/evt3_words.hpp"

namespace aestream::evt3 {

/// Whether decode_lanes() does anything.
bool has_lanes();

/// Decodes ADDR_Y, ADDR_X, TIME_LOW, TIME_HIGH that is repeated, and words that say nothing, as long as eight of them are
/// there and eight events fit.
Progress decode_lanes(const std::uint8_t* in, std::size_t words, Evt3State& s, Event* out, std::size_t capacity);

}  // namespace aestream::evt3
