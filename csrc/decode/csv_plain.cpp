// A line is cut by a bit mask of the bytes that are no digits; its numbers are joined from 8 digits at once. A line of
// nothing but digits and single separators (plainest_line) waits for no branch; others take one mark after the other.
#include "decode/csv_plain.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/byte_mask.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::size_t room = 80;         // bytes that may be read from the start of a line
constexpr std::size_t most_columns = 8;  // of a plain line
constexpr std::uint64_t ascii_zeros = 0x3030303030303030;

/// The number of up to 8 digits: values, not characters, the first one in the lowest byte that is not before it.
inline std::uint64_t join_digits(std::uint64_t digits) {
  constexpr std::uint64_t pairs = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);
  return ((digits & pairs) * 0x000F424000000064 + ((digits >> 16) & pairs) * 0x0000271000000001) >> 32;
}

/// 1 to 8 digits; reads 8 bytes.
inline std::uint64_t short_number(const std::uint8_t* in, unsigned length) {
  return join_digits((load_le64(in) ^ ascii_zeros) << (64 - 8 * length));
}

/// 1 to 16 digits.
inline std::uint64_t number(const std::uint8_t* in, unsigned length) {
  if (length <= 8) return short_number(in, length);
  return short_number(in, length - 8) * 100'000'000 + short_number(in + length - 8, 8);
}

struct Column {
  unsigned begin = 0, end = 0;
  unsigned size() const { return end - begin; }
};

/// Two numbers of 1 to 4 digits each, the second one from bit 32 upwards.
inline std::uint64_t two_coordinates(const std::uint8_t* in, Column x, Column y) {
  const auto zeros = static_cast<std::uint32_t>(ascii_zeros);
  const std::uint32_t low = (load_le32(in + x.begin) ^ zeros) << (32 - 8 * x.size());
  const std::uint32_t high = (load_le32(in + y.begin) ^ zeros) << (32 - 8 * y.size());
  std::uint64_t digits = low | std::uint64_t{high} << 32;
  digits = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FF;
  return (digits * 100 + (digits >> 16)) & 0x0000FFFF0000FFFF;
}

constexpr std::array<std::uint64_t, 7> powers_of_ten{1, 10, 100, 1'000, 10'000, 100'000, 1'000'000};

/// Microseconds of a time in seconds with its point at in[point]; halves are rounded up.
inline std::uint64_t seconds_number(const std::uint8_t* in, Column t, unsigned point) {
  const std::uint8_t* decimals = in + point + 1;
  const unsigned count = t.end - point - 1;
  const std::uint64_t seconds = number(in + t.begin, point - t.begin) * 1'000'000;
  if (count <= 6) return seconds + short_number(decimals, count) * powers_of_ten[6 - count];
  return seconds + short_number(decimals, 6) + (decimals[6] >= '5');
}

constexpr bool within(unsigned value, unsigned first, unsigned last) { return value - first <= last - first; }

/// The parts of a line, all of them digits but for the point of a time in seconds.
template <bool seconds>
struct Parts {
  Column t, x, y, p;
  unsigned point = 0;
  Off off = Off::Either;
  bool negative = false;

  /// 0, 1 or -1: the rarer spellings, and what the dialect excludes, are not plain.
  bool is_polarity(std::uint8_t digit) const {
    const bool is_one = digit == '1';
    return (is_one & (!negative | (off != Off::Zero))) | ((digit == '0') & !negative & (off != Off::MinusOne));
  }

  bool are_plain(const std::uint8_t* in) const {
    const bool sized = within(x.size(), 1, 4) & within(y.size(), 1, 4) & (p.size() == 1) & is_polarity(in[p.begin]);
    if constexpr (!seconds) return sized & within(t.size(), 1, 16);
    return sized & (in[point] == '.') & within(point - t.begin, 1, 12) & within(t.end - point, 2, 17);
  }

  void store(const std::uint8_t* in, Event* out) const {
    const std::uint64_t time = seconds ? seconds_number(in, t, point) : number(in + t.begin, t.size());
    const std::uint64_t place = two_coordinates(in, x, y);
    store_event(out, static_cast<std::int64_t>(time), static_cast<std::uint32_t>(place),
                static_cast<std::uint32_t>(place >> 32), (in[p.begin] != '0') & !negative);
  }
};

/// Places of the bytes that are no digits, first to last.
template <class Mask>
struct Marks {
  Mask left;
  unsigned take() {
    const auto place = static_cast<unsigned>(std::countr_zero(left));
    left &= left - 1;
    return place;
  }
};

/// The size of a line that ends with a newline at in[end], perhaps after CR; 0 if it does not.
inline unsigned line_size(const std::uint8_t* in, unsigned end) {
  const bool crlf = in[end] == '\r';
  return in[end + crlf] == '\n' ? end + crlf + 1 : 0;
}

/// Reads a line of 4 columns of at most 32 bytes, digits and single separators only, a time in seconds before the rest.
/// Returns its size with the newline, 0 if it is spelt in any other way.
template <bool seconds>
inline __attribute__((always_inline)) unsigned plainest_line(const std::uint8_t* in, const CsvDialect& dialect,
                                                             Event* out) {
  Marks<std::uint32_t> marks{non_digits32(in)};
  const unsigned point = seconds ? marks.take() : 0;
  const unsigned a = marks.take(), b = marks.take(), c = marks.take();
  if (marks.left == 0) return 0;
  const unsigned end = marks.take();
  const std::array<Column, 4> columns{Column{0, a}, Column{a + 1, b}, Column{b + 1, c}, Column{c + 1, end}};
  const Parts<seconds> parts{columns[dialect.t], columns[dialect.x], columns[dialect.y], columns[dialect.p], point,
                             dialect.off};
  const std::uint8_t separator = dialect.separator;
  const bool separated = (in[a] == separator) & (in[b] == separator) & (in[c] == separator);
  const unsigned size = line_size(in, end);
  if (!(separated & parts.are_plain(in) & (size != 0))) return 0;
  parts.store(in, out);
  return size;
}

/// Reads any plain line of at most 64 bytes. Returns its size with the newline, 0 if it is not plain.
template <bool seconds>
inline __attribute__((always_inline)) unsigned plain_line(const std::uint8_t* in, const CsvDialect& dialect,
                                                          Event* out) {
  Marks<std::uint64_t> marks{non_digits32(in) | std::uint64_t{non_digits32(in + 32)} << 32};
  std::array<Column, most_columns> columns;
  Parts<seconds> parts;
  parts.off = dialect.off;
  unsigned at = 0;
  for (unsigned i = 0; i < dialect.columns; ++i) {
    if (in[at] == ' ') at = marks.take() + 1;
    parts.negative |= i == dialect.p && in[at] == '-';
    if (i == dialect.p && in[at] == '-') at = marks.take() + 1;
    if (marks.left == 0) return 0;
    unsigned end = marks.take();
    if (end == at) return 0;  // an empty column, or several blanks
    if (seconds && i == dialect.t) {
      if (marks.left == 0) return 0;
      parts.point = end;
      end = marks.take();
    }
    if (i + 1 < dialect.columns && in[end] != dialect.separator) return 0;
    columns[i] = {at, end};
    at = end + 1;
  }
  parts.t = columns[dialect.t];
  parts.x = columns[dialect.x];
  parts.y = columns[dialect.y];
  parts.p = columns[dialect.p];
  const unsigned size = line_size(in, at - 1);
  if (size == 0 || !parts.are_plain(in)) return 0;
  parts.store(in, out);
  return size;
}

template <bool seconds>
inline __attribute__((always_inline)) Progress read_lines(ByteSpan bytes, const CsvDialect& given, EventSpan out) {
  const CsvDialect dialect = given;  // a copy that no store to `out` can change
  const bool four = dialect.columns == 4 && (!seconds || dialect.t == 0);
  Progress done;
  while (done.events < out.size() && done.bytes + room <= bytes.size()) {
    const std::uint8_t* in = &bytes[done.bytes];
    Event* event = &out[done.events];
    unsigned size = four ? plainest_line<seconds>(in, dialect, event) : 0;
    if (size == 0) size = plain_line<seconds>(in, dialect, event);
    if (size == 0) break;
    done.bytes += size;
    ++done.events;
  }
  return done;
}

AESTREAM_MULTIVERSION
Progress read_microseconds(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  return read_lines<false>(bytes, dialect, out);
}

AESTREAM_MULTIVERSION
Progress read_seconds(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  return read_lines<true>(bytes, dialect, out);
}

}  // namespace

Progress read_plain_lines(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  if (dialect.columns > most_columns || (dialect.power != 0 && dialect.power != 6)) return {};
  const auto read = dialect.power == 6 ? &read_seconds : &read_microseconds;
  Progress done = read(bytes, dialect, out);
  const ByteSpan rest = bytes.subspan(done.bytes);
  if (rest.size() < room && done.events < out.size()) {  // the last lines, with zeros behind them: no line has one
    std::array<std::uint8_t, 2 * room> padded{};
    std::ranges::copy(rest, padded.begin());
    const Progress last = read(padded, dialect, out.subspan(done.events));
    done.bytes += last.bytes;
    done.events += last.events;
  }
  return done;
}

}  // namespace aestream
