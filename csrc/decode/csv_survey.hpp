// What only all lines of a text say together: the unit of its times, and what stands for OFF.
#pragma once

#include <cstddef>
#include <functional>

#include "decode/csv.hpp"
#include "decode/csv_number.hpp"

namespace aestream {

struct CsvSurvey {
  Spelling times = Spelling::Integer;  // Fraction if one time has one, else Whole if one is no integer as written
  Off off = Off::Either;               // of the first line that is not ON
};

/// Reads no further than it must. Lines that are damaged have no say, nor have those of more than a mebibyte. Calls
/// passed(first, last) every few milliseconds with the places of bytes that were read.
CsvSurvey survey(ByteSpan bytes, const CsvDialect& dialect,
                 const std::function<void(std::size_t, std::size_t)>& passed);

}  // namespace aestream
