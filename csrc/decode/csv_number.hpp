// Decimal text to integers, exactly: no locale, no floating point.
#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "decode/polarity.hpp"

namespace aestream {

// Each returns false, and leaves its result alone, if the whole of `text` is not such a number or does not fit.

/// [+-]digits
bool parse_integer(ByteSpan text, std::int64_t& value) noexcept;

/// [+-]digits[.digits][e[+-]digits] times 10^power: the nearest integer by the decimal digits, halves away from 0.
bool parse_scaled(ByteSpan text, int power, std::int64_t& value) noexcept;

/// The same with power 0, of a number without a fraction, such as "3.000e+01".
bool parse_whole(ByteSpan text, std::int64_t& value) noexcept;

/// What a number is by its digits: "1e6", "5" and "2.0" are whole, and only "5" is an integer as it is written.
enum class Spelling : std::uint8_t { None, Integer, Whole, Fraction };
Spelling spelling_of(ByteSpan text) noexcept;

/// 1 is ON, and what `off` allows is not; or "true" or "false" in any case. False for any other number.
bool parse_polarity(ByteSpan text, Off off, bool& on) noexcept;

}  // namespace aestream
