// A decimal is cut into sign, digits and exponent first; then each digit's weight is known.
#include "decode/csv_number.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace aestream {
namespace {

constexpr std::uint64_t max_magnitude = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t max_exponent = 1000;  // larger ones are cut to it: they mean 0 or overflow all the same

constexpr bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// Takes the digits that lead `text` off it.
ByteSpan take_digits(ByteSpan& text) {
  const auto stop = std::ranges::find_if_not(text, is_digit);
  const auto count = static_cast<std::size_t>(stop - text.begin());
  const ByteSpan digits = text.first(count);
  text = text.subspan(count);
  return digits;
}

/// Takes a sign off `text`; true for '-'.
bool take_sign(ByteSpan& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  const bool negative = text[0] == '-';
  text = text.subspan(1);
  return negative;
}

/// Appends a digit to `value`; false if it no longer fits.
bool append_digit(std::uint64_t& value, unsigned digit) {
  if (value > (max_magnitude - digit) / 10) return false;
  value = value * 10 + digit;
  return true;
}

struct Decimal {
  bool negative = false;
  ByteSpan whole, fraction;
  std::int64_t exponent = 0;

  std::size_t size() const { return whole.size() + fraction.size(); }
  unsigned digit(std::size_t i) const {
    return (i < whole.size() ? whole[i] : fraction[i - whole.size()]) - unsigned{'0'};
  }
  std::int64_t point() const { return static_cast<std::int64_t>(whole.size()) + exponent; }
  bool has_fraction() const {
    for (std::size_t i = static_cast<std::size_t>(std::max<std::int64_t>(point(), 0)); i < size(); ++i) {
      if (digit(i) != 0) return true;
    }
    return false;
  }
};

bool read_decimal(ByteSpan text, Decimal& decimal) {
  decimal.negative = take_sign(text);
  decimal.whole = take_digits(text);
  if (!text.empty() && text[0] == '.') {
    text = text.subspan(1);
    decimal.fraction = take_digits(text);
  }
  if (decimal.size() == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text = text.subspan(1);
  const bool negative = take_sign(text);
  const ByteSpan digits = take_digits(text);
  for (const std::uint8_t digit : digits) {
    decimal.exponent = std::min<std::int64_t>(decimal.exponent * 10 + (digit - '0'), max_exponent);
  }
  if (negative) decimal.exponent = -decimal.exponent;
  return !digits.empty() && text.empty();
}

bool equals_lower(ByteSpan text, std::string_view word) {
  return std::ranges::equal(text, word, [](std::uint8_t a, char b) { return (a | 0x20) == b; });
}

}  // namespace

bool parse_integer(ByteSpan text, std::int64_t& value) noexcept {
  const bool negative = take_sign(text);
  std::uint64_t magnitude = 0;
  for (const std::uint8_t byte : text) {
    if (!is_digit(byte) || !append_digit(magnitude, byte - unsigned{'0'})) return false;
  }
  if (text.empty()) return false;
  value = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
  return true;
}

bool parse_scaled(ByteSpan text, int power, std::int64_t& value) noexcept {
  Decimal decimal;
  if (!read_decimal(text, decimal)) return false;
  // Digits before `point` count whole units; the one at it decides how they are rounded.
  const std::int64_t point = decimal.point() + power;
  const auto size = static_cast<std::int64_t>(decimal.size());
  std::uint64_t magnitude = 0;
  for (std::int64_t i = 0; i < point; ++i) {
    if (i >= size && magnitude == 0) break;
    if (!append_digit(magnitude, i < size ? decimal.digit(static_cast<std::size_t>(i)) : 0)) return false;
  }
  const bool up = point >= 0 && point < size && decimal.digit(static_cast<std::size_t>(point)) >= 5;
  if (up && magnitude == max_magnitude) return false;
  const auto rounded = static_cast<std::int64_t>(magnitude + up);
  value = decimal.negative ? -rounded : rounded;
  return true;
}

bool parse_whole(ByteSpan text, std::int64_t& value) noexcept {
  Decimal decimal;
  return read_decimal(text, decimal) && !decimal.has_fraction() && parse_scaled(text, 0, value);
}

Spelling spelling_of(ByteSpan text) noexcept {
  Decimal decimal;
  if (!read_decimal(text, decimal)) return Spelling::None;
  if (decimal.has_fraction()) return Spelling::Fraction;
  const auto is_sign_or_digit = [](std::uint8_t byte) { return is_digit(byte) || byte == '-' || byte == '+'; };
  return std::ranges::all_of(text, is_sign_or_digit) ? Spelling::Integer : Spelling::Whole;
}

bool parse_polarity(ByteSpan text, Off off, bool& on) noexcept {
  on = equals_lower(text, "true") || equals_lower(text, "on");
  if (on || equals_lower(text, "false") || equals_lower(text, "off")) return true;
  std::int64_t value = 0;
  if (!parse_whole(text, value)) return false;
  on = value == 1;
  return on || is_off(value, off);
}

}  // namespace aestream
