// Lines in the plainest spelling – digits, single separators – are read from a bit mask of their separators; the first
// one that is spelt otherwise goes to parse_line(), which knows them all. Both give the same event for the same line.
#include "decode/csv.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/byte_mask.hpp"
#include "core/multiversion.hpp"
#include "decode/csv_line.hpp"

namespace aestream {
namespace {

constexpr std::size_t longest_plain = 32;             // bytes of a plain line that one mask covers
constexpr std::size_t plain_room = longest_plain + 8;  // bytes that plain_line() may read

/// The number of up to 8 digits: the first digit in the lowest byte, zeros (not '0') before it, the values in place.
inline std::uint64_t join_digits(std::uint64_t digits) {
  constexpr std::uint64_t pairs = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);
  return ((digits & pairs) * 0x000F424000000064 + ((digits >> 16) & pairs) * 0x0000271000000001) >> 32;
}

constexpr std::uint64_t ascii_zeros = 0x3030303030303030;

/// 1 to 8 digits; reads 8 bytes.
inline std::uint64_t short_number(const std::uint8_t* in, unsigned length) {
  return join_digits((load_le64(in) ^ ascii_zeros) << (64 - 8 * length));
}

/// 1 to 16 digits.
inline std::uint64_t number(const std::uint8_t* in, unsigned length) {
  if (length <= 8) return short_number(in, length);
  return short_number(in, length - 8) * 100'000'000 + short_number(in + length - 8, 8);
}

/// Two numbers of 1 to 4 digits each, the second one from bit 32 upwards.
inline std::uint64_t two_coordinates(const std::uint8_t* first, unsigned first_length, const std::uint8_t* second,
                                     unsigned second_length) {
  const std::uint32_t zeros = static_cast<std::uint32_t>(ascii_zeros);
  const std::uint32_t low = (load_le32(first) ^ zeros) << (32 - 8 * first_length);
  const std::uint32_t high = (load_le32(second) ^ zeros) << (32 - 8 * second_length);
  std::uint64_t digits = low | std::uint64_t{high} << 32;
  digits = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FF;
  return (digits * 100 + (digits >> 16)) & 0x0000FFFF0000FFFF;
}

constexpr std::array<std::uint64_t, 9> powers_of_ten{1,       10,        100,        1'000,      10'000,
                                                     100'000, 1'000'000, 10'000'000, 100'000'000};

/// Seconds with 1 to 7 digits before the point and 1 to 16 behind it, to microseconds; halves are rounded up.
inline std::uint64_t seconds_number(const std::uint8_t* in, unsigned whole, unsigned fraction) {
  const std::uint8_t* decimals = in + whole + 1;
  const std::uint64_t seconds = number(in, whole) * 1'000'000;
  if (fraction <= 6) return seconds + short_number(decimals, fraction) * powers_of_ten[6 - fraction];
  return seconds + short_number(decimals, 6) + (decimals[6] >= '5');
}

struct Span {
  unsigned begin, end;
  unsigned size() const { return end - begin; }
};

/// Which column holds what: the usual order as constants, any other order from the dialect.
template <bool usual_order>
struct Order {
  explicit Order(const CsvDialect& dialect) : dialect_(dialect) {}
  unsigned t() const { return usual_order ? 0 : dialect_.t; }
  unsigned x() const { return usual_order ? 1 : dialect_.x; }
  unsigned y() const { return usual_order ? 2 : dialect_.y; }
  unsigned p() const { return usual_order ? 3 : dialect_.p; }
  const CsvDialect& dialect_;
};

constexpr bool within(unsigned value, unsigned first, unsigned last) { return value - first <= last - first; }

/// Reads a plain line and returns its size with the newline; 0 if it is spelt in any other way. With `seconds` the time
/// is the first column and has a point. Reads `plain_room` bytes.
template <bool seconds, bool usual_order>
inline __attribute__((always_inline)) unsigned plain_line(const std::uint8_t* in, std::uint8_t separator,
                                                          const Order<usual_order>& order, Event* out) {
  std::uint32_t marks = non_digits32(in);
  const auto take_mark = [&marks] {
    const auto place = static_cast<unsigned>(std::countr_zero(marks));
    marks &= marks - 1;
    return place;
  };
  const unsigned point = seconds ? take_mark() : 0;
  const unsigned a = take_mark(), b = take_mark(), c = take_mark();
  if (marks == 0) return 0;
  const unsigned end = take_mark();
  const std::array<Span, 4> columns{Span{0, a}, Span{a + 1, b}, Span{b + 1, c}, Span{c + 1, end}};
  const Span t = columns[order.t()], x = columns[order.x()], y = columns[order.y()], p = columns[order.p()];

  const bool separated = (in[a] == separator) & (in[b] == separator) & (in[c] == separator);
  const bool sized = within(x.size(), 1, 4) & within(y.size(), 1, 4) & (p.size() == 1);
  const bool timed = seconds ? (in[point] == '.') & within(point, 1, 12) & within(a - point, 2, 17) : within(t.size(), 1, 16);
  const bool crlf = in[end] == '\r';
  if (!(separated & sized & timed) | (in[end + crlf] != '\n')) return 0;

  const std::uint64_t time = seconds ? seconds_number(in, point, a - point - 1) : number(in + t.begin, t.size());
  const std::uint64_t place = two_coordinates(in + x.begin, x.size(), in + y.begin, y.size());
  store_event(out, static_cast<std::int64_t>(time), static_cast<std::uint32_t>(place),
              static_cast<std::uint32_t>(place >> 32), in[p.begin] != '0');
  return end + crlf + 1;
}

/// Reads plain lines until one is not, or `bytes` or `out` are used up.
template <bool seconds, bool usual_order>
inline __attribute__((always_inline)) Progress plain_lines(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  const Order<usual_order> order(dialect);
  const std::uint8_t separator = dialect.separator;
  Progress done;
  while (done.events < out.size() && done.bytes + plain_room <= bytes.size()) {
    const unsigned size = plain_line<seconds, usual_order>(&bytes[done.bytes], separator, order, &out[done.events]);
    if (size == 0) break;
    done.bytes += size;
    ++done.events;
  }
  return done;
}

AESTREAM_MULTIVERSION
Progress plain_usual(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  return plain_lines<false, true>(bytes, dialect, out);
}

AESTREAM_MULTIVERSION
Progress plain_ordered(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  return plain_lines<false, false>(bytes, dialect, out);
}

AESTREAM_MULTIVERSION
Progress plain_seconds(ByteSpan bytes, const CsvDialect& dialect, EventSpan out) {
  return plain_lines<true, true>(bytes, dialect, out);
}

Progress no_plain(ByteSpan, const CsvDialect&, EventSpan) { return {}; }

auto plain_reader(const CsvDialect& dialect) {
  const std::array<std::uint8_t, 4> order{dialect.t, dialect.x, dialect.y, dialect.p};
  const bool usual = order == std::array<std::uint8_t, 4>{0, 1, 2, 3};
  if (dialect.columns != 4 || (dialect.seconds && !usual)) return &no_plain;
  if (dialect.seconds) return &plain_seconds;
  return usual ? &plain_usual : &plain_ordered;
}

struct LineCount {
  std::size_t lines = 0;
  bool all_data = true;  // every line but perhaps the first begins with a byte that no blank line or comment begins with
};

AESTREAM_MULTIVERSION
LineCount count_lines(const std::uint8_t* in, std::size_t size) {
  constexpr std::size_t group = 128;  // counts of a group fit into a byte
  LineCount result;
  std::uint8_t special = 0;
  std::size_t i = 0;
  for (; i + group < size; i += group) {
    std::uint8_t lines = 0;
    for (std::size_t k = i; k < i + group; ++k) {
      const std::uint8_t newline = in[k] == '\n';
      lines = static_cast<std::uint8_t>(lines + newline);
      special |= newline & (in[k + 1] <= '#');
    }
    result.lines += lines;
  }
  for (; i < size; ++i) {
    result.lines += in[i] == '\n';
    special |= in[i] == '\n' && i + 1 < size && in[i + 1] <= '#';
  }
  result.all_data = special == 0;
  return result;
}

const std::uint8_t* find_newline(const std::uint8_t* first, const std::uint8_t* last) {
  return static_cast<const std::uint8_t*>(std::memchr(first, '\n', static_cast<std::size_t>(last - first)));
}

/// Bytes up to the last newline, with it.
std::size_t whole_lines(ByteSpan bytes) {
  std::size_t size = bytes.size();
  while (size > 0 && bytes[size - 1] != '\n') --size;
  return size;
}

std::size_t count_data_lines(ByteSpan bytes) {
  if (bytes.empty()) return 0;
  const LineCount count = count_lines(bytes.data(), bytes.size());
  if (count.all_data && bytes[0] > '#') return count.lines;
  std::size_t lines = 0;
  const std::uint8_t* const last = bytes.data() + bytes.size();
  for (const std::uint8_t* first = bytes.data(); first < last;) {
    const std::uint8_t* const newline = find_newline(first, last);
    lines += holds_data({first, newline});
    first = newline + 1;
  }
  return lines;
}

}  // namespace

Progress CsvDecoder::decode(ByteSpan bytes, State&, EventSpan out) const {
  const auto plain = plain_reader(dialect_);
  Progress done;
  while (done.events < out.size() && done.bytes < bytes.size()) {
    const Progress read = plain(bytes.subspan(done.bytes), dialect_, out.subspan(done.events));
    done.bytes += read.bytes;
    done.events += read.events;
    if (done.events == out.size()) break;
    const ByteSpan rest = bytes.subspan(done.bytes);
    const std::uint8_t* const newline = rest.empty() ? nullptr : find_newline(rest.data(), rest.data() + rest.size());
    if (newline == nullptr) break;
    const ByteSpan line(rest.data(), newline);
    if (holds_data(line)) out[done.events++] = parse_line(line, dialect_, done.bytes);
    done.bytes += line.size() + 1;
  }
  return done;
}

Scan CsvDecoder::scan(ByteSpan bytes, State& state, bool times) const {
  if (!times) {
    const std::size_t size = whole_lines(bytes);
    return {size, count_data_lines(bytes.first(size)), no_time};
  }
  std::array<Event, 256> block;
  Scan result;
  while (true) {
    Progress read;
    try {
      read = decode(bytes.subspan(result.bytes), state, block);
    } catch (const FormatError& error) {
      throw error.shifted(result.bytes);
    }
    for (std::size_t i = 0; i < read.events; ++i) result.time_bound = std::max(result.time_bound, block[i].t);
    result.bytes += read.bytes;
    result.events += read.events;
    if (read.events == 0) return result;
  }
}

std::size_t CsvDecoder::align(ByteSpan payload, std::size_t offset) const {
  if (offset == 0 || offset >= payload.size()) return std::min(offset, payload.size());
  const std::uint8_t* const last = payload.data() + payload.size();
  const std::uint8_t* const newline = find_newline(&payload[offset - 1], last);
  return newline == nullptr ? payload.size() : static_cast<std::size_t>(newline + 1 - payload.data());
}

Progress CsvDecoder::finish(ByteSpan bytes, State&, EventSpan out) const {
  if (!holds_data(bytes)) return {bytes.size(), 0};
  Event event;
  if (!parse_last_line(bytes, dialect_, 0, event)) return {};
  out[0] = event;
  return {bytes.size(), 1};
}

}  // namespace aestream
