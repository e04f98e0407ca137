// Digits come in pairs from a table.
#include "encode/csv.hpp"

#include <array>

namespace aestream {
namespace {

constexpr std::size_t max_line = 48;  // 20 characters of time with its point, 5 of each coordinate, and some to spare

constexpr std::array<char, 200> pairs = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

void put_pair(std::uint8_t* out, std::uint64_t value) { std::memcpy(out, &pairs[2 * value], 2); }

std::uint8_t* put_six(std::uint8_t* out, std::uint64_t value) {
  put_pair(out, value / 10'000);
  put_pair(out + 2, value / 100 % 100);
  put_pair(out + 4, value % 100);
  return out + 6;
}

std::uint8_t* put_number(std::uint8_t* out, std::uint64_t value) {
  std::uint8_t digits[20];
  std::size_t at = sizeof digits;
  for (; value >= 100; value /= 100) put_pair(&digits[at -= 2], value % 100);
  put_pair(&digits[at -= 2], value);
  at += value < 10;
  std::memcpy(out, &digits[at], sizeof digits - at);
  return out + (sizeof digits - at);
}

std::uint8_t* put_time(std::uint8_t* out, std::int64_t t, bool seconds) {
  if (t < 0) *out++ = '-';
  const std::uint64_t magnitude = t < 0 ? 0 - static_cast<std::uint64_t>(t) : static_cast<std::uint64_t>(t);
  if (!seconds) return put_number(out, magnitude);
  out = put_number(out, magnitude / 1'000'000);
  *out++ = '.';
  return put_six(out, magnitude % 1'000'000);
}

}  // namespace

Encoded CsvEncoder::encode(ConstEventSpan events, bool, MutableByteSpan out) {
  Encoded done;
  const auto separator = static_cast<std::uint8_t>(style_.separator);
  std::uint8_t* to = out.data();
  const std::uint8_t* const end = to + out.size();
  for (; done.events < events.size() && to + max_line <= end; ++done.events) {
    const Event& event = events[done.events];
    to = put_time(to, event.t, style_.seconds);
    *to++ = separator;
    to = put_number(to, static_cast<std::uint64_t>(event.x));
    *to++ = separator;
    to = put_number(to, static_cast<std::uint64_t>(event.y));
    *to++ = separator;
    *to++ = event.p != 0 ? '1' : '0';
    *to++ = '\n';
  }
  done.bytes = static_cast<std::size_t>(to - out.data());
  return done;
}

}  // namespace aestream
