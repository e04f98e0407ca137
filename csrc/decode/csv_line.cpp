// Columns are cut at separators, blanks around them dropped, and read in the order in which they stand.
#include "decode/csv_line.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "decode/csv_number.hpp"

namespace aestream {
namespace {

constexpr bool is_blank(std::uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\r'; }
constexpr bool is_quote(std::uint8_t byte) { return byte == '"' || byte == '\''; }

/// Splits a line into its columns. Blanks around a column do not belong to it, unless they are the separator; nor do quotes.
class Columns {
 public:
  Columns(ByteSpan line, std::uint8_t separator) : line_(line), separator_(separator) {
    while (!line_.empty() && is_padding(line_.back())) line_ = line_.first(line_.size() - 1);
  }

  bool next() {
    if (ended_) return false;
    while (at_ < line_.size() && is_padding(line_[at_])) ++at_;
    begin_ = at_;
    while (at_ < line_.size() && !is_separator(line_[at_])) ++at_;
    end_ = at_;
    while (end_ > begin_ && is_padding(line_[end_ - 1])) --end_;
    if (end_ > begin_ + 1 && is_quote(line_[begin_]) && line_[begin_] == line_[end_ - 1]) {
      ++begin_;
      --end_;
    }
    ended_ = at_ == line_.size();
    ++count_;
    at_ += !ended_;
    return true;
  }

  ByteSpan text() const { return line_.subspan(begin_, end_ - begin_); }
  std::size_t begin() const { return begin_; }
  bool is_last() const { return ended_; }
  std::size_t count() const { return count_; }

 private:
  bool is_padding(std::uint8_t byte) const { return is_blank(byte) && (byte != separator_ || separator_ == ' '); }
  bool is_separator(std::uint8_t byte) const { return byte == separator_ || (separator_ == ' ' && is_blank(byte)); }

  ByteSpan line_;
  std::uint8_t separator_;
  std::size_t at_ = 0, begin_ = 0, end_ = 0, count_ = 0;
  bool ended_ = false;
};

/// For messages: printable ASCII, and not much of it.
std::string quoted(ByteSpan text) {
  constexpr std::size_t longest = 24;
  constexpr char hex[] = "0123456789ABCDEF";
  std::string result = "\"";
  for (const std::uint8_t byte : text.first(std::min(text.size(), longest))) {
    if (byte >= 0x20 && byte < 0x7F) {
      result += static_cast<char>(byte);
    } else {
      result += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return result + (text.size() > longest ? "…\"" : "\"");
}

bool parse_coordinate(ByteSpan text, std::int16_t& coordinate) {
  std::int64_t value = 0;
  if (!parse_integer(text, value) && !parse_whole(text, value)) return false;
  if (value != static_cast<std::int16_t>(value)) return false;
  coordinate = static_cast<std::int16_t>(value);
  return true;
}

const char* expected_time(int power) {
  switch (power) {
    case 6: return "a time in seconds";
    case 3: return "a time in milliseconds";
    case -3: return "a time in nanoseconds";
    default: return "a time in microseconds that fits 64 bits";
  }
}

const char* expected_polarity(Off off) {
  switch (off) {
    case Off::Zero: return "a polarity of 0 or 1, as before";
    case Off::MinusOne: return "a polarity of -1 or 1, as before";
    default: return "a polarity such as 0, 1, -1 or True";
  }
}

/// Reads one column into the event; what was expected if it cannot, else nullptr.
const char* read_column(ByteSpan text, std::size_t column, const CsvDialect& dialect, Event& event) {
  if (column == dialect.t) {
    if (dialect.power == 0 && parse_integer(text, event.t)) return nullptr;
    return parse_scaled(text, dialect.power, event.t) ? nullptr : expected_time(dialect.power);
  }
  if (column == dialect.x) return parse_coordinate(text, event.x) ? nullptr : "x, a whole number that fits 16 bits";
  if (column == dialect.y) return parse_coordinate(text, event.y) ? nullptr : "y, a whole number that fits 16 bits";
  if (column != dialect.p) return nullptr;
  bool on = false;
  if (!parse_polarity(text, dialect.off, on)) return expected_polarity(dialect.off);
  event.p = on;
  return nullptr;
}

[[noreturn]] void throw_column_count(ByteSpan line, const CsvDialect& dialect, std::size_t offset) {
  Columns columns(line, dialect.separator);
  std::size_t found = 0, place = 0;
  while (columns.next()) {
    if (found++ <= dialect.columns) place = columns.begin();
  }
  throw FormatError(offset + place, "expected " + std::to_string(dialect.columns) + " columns, found " +
                                        std::to_string(found) + " in " + quoted(line));
}

/// False only if `ends_file` and the line is cut.
bool read_line(ByteSpan line, const CsvDialect& dialect, std::size_t offset, bool ends_file, Event& event) {
  Columns columns(line, dialect.separator);
  event = {};
  for (std::size_t i = 0; i < dialect.columns; ++i) {
    if (!columns.next()) {
      if (ends_file) return false;
      throw_column_count(line, dialect, offset);
    }
    if (const char* expected = read_column(columns.text(), i, dialect, event)) {
      if (ends_file && columns.is_last()) return false;
      if (columns.is_last() && i + 1 < dialect.columns) throw_column_count(line, dialect, offset);
      throw FormatError(offset + columns.begin(),
                        std::string("expected ") + expected + ", found " + quoted(columns.text()));
    }
  }
  const bool is_trailing = !columns.is_last() && columns.next() && columns.is_last() && columns.text().empty();
  if (!columns.is_last() || !(is_trailing || columns.count() == dialect.columns)) {
    throw_column_count(line, dialect, offset);
  }
  return true;
}

}  // namespace

bool holds_data(ByteSpan line) noexcept {
  const auto first = std::ranges::find_if_not(line, is_blank);
  return first != line.end() && *first != '#' && *first != '%';
}

ByteSpan column_text(ByteSpan line, const CsvDialect& dialect, std::size_t column) {
  Columns columns(line, dialect.separator);
  for (std::size_t i = 0; i <= column; ++i) {
    if (!columns.next()) return {};
  }
  return columns.text();
}

Event parse_line(ByteSpan line, const CsvDialect& dialect, std::size_t offset) {
  Event event;
  read_line(line, dialect, offset, false, event);
  return event;
}

bool parse_last_line(ByteSpan line, const CsvDialect& dialect, std::size_t offset, Event& event) {
  return read_line(line, dialect, offset, true, event);
}

}  // namespace aestream
