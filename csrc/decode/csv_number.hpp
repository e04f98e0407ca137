// Decimal text to integers, exactly: no locale, no floating point.
#pragma once

#include <cstdint>

#include "core/bytes.hpp"

namespace aestream {

// Each returns false, and leaves its result alone, if the whole of `text` is not such a number or does not fit.

/// [+-]digits
bool parse_integer(ByteSpan text, std::int64_t& value) noexcept;

/// [+-]digits[.digits][e[+-]digits] seconds to microseconds: the nearest one by the decimal digits, halves away from 0.
bool parse_seconds(ByteSpan text, std::int64_t& microseconds) noexcept;

/// A number, which is ON if it is greater than 0; or "true" or "false" in any case.
bool parse_polarity(ByteSpan text, bool& on) noexcept;

}  // namespace aestream
