// Lines in a plain spelling, read many at a time: what makes text fast. Never a meaning of its own: see csv_line.hpp.
#pragma once

#include "decode/csv.hpp"

namespace aestream {

/// Reads lines until one is not plain or not whole, or `out` is full. A plain line has a time of at most 16 digits, or
/// of seconds with a point; coordinates of at most 4 digits; one digit of polarity, which may follow a '-'; at most one
/// blank before each. What is not plain is the caller's to read, or to refuse.
Progress read_plain_lines(ByteSpan bytes, const CsvDialect& dialect, EventSpan out);

}  // namespace aestream
