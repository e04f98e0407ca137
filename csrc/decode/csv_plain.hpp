// Lines in a plain spelling, read many at a time: what makes text fast. Never a meaning of its own: see csv_line.hpp.
#pragma once

#include "decode/csv.hpp"

namespace aestream {

/// Reads lines until one is not plain or not whole, or `out` is full. Plain are: times of at most 16 digits, or of seconds
/// and fraction, coordinates of at most 4 digits, one digit of polarity after an optional '-', one blank before each.
Progress read_plain_lines(ByteSpan bytes, const CsvDialect& dialect, EventSpan out);

}  // namespace aestream
