// Most files tell both in their first lines; times without a point or an exponent in the whole file need no look at lines.
#include "decode/csv_survey.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/multiversion.hpp"
#include "decode/csv_line.hpp"

namespace aestream {
namespace {

constexpr std::size_t stretch = std::size_t{4} << 20;  // between two calls of passed()
constexpr std::size_t longest_line = std::size_t{1} << 20;

/// Whether a number of the text may have a point or an exponent.
AESTREAM_MULTIVERSION
bool may_hold_decimals(const std::uint8_t* in, std::size_t size) {
  constexpr std::size_t group = 1 << 14;
  for (std::size_t start = 0; start < size; start += group) {
    const std::size_t stop = std::min(size, start + group);
    std::uint8_t found = in[start] == '.';
    for (std::size_t i = start + 1; i < stop; ++i) {
      const std::uint8_t is_exponent = ((in[i] | 0x20) == 'e') & (in[i - 1] <= '9');
      found = static_cast<std::uint8_t>(found | is_exponent | (in[i] == '.'));
    }
    if (start > 0) found |= (in[start] | 0x20) == 'e' && in[start - 1] <= '9';
    if (found != 0) return true;
  }
  return false;
}

Off off_of(ByteSpan text) {
  bool on = false;
  if (parse_polarity(text, Off::Zero, on)) return on ? Off::Either : Off::Zero;
  return parse_polarity(text, Off::MinusOne, on) ? Off::MinusOne : Off::Either;
}

}  // namespace

CsvSurvey survey(ByteSpan bytes, const CsvDialect& dialect,
                 const std::function<void(std::size_t, std::size_t)>& passed) {
  CsvSurvey found;
  bool times_known = true;
  for (std::size_t at = 0; at < bytes.size() && times_known; at += stretch) {
    const std::size_t first = at == 0 ? 0 : at - 1;  // what is before an e counts
    const std::size_t stop = std::min(at + stretch, bytes.size());
    times_known = !may_hold_decimals(bytes.data() + first, stop - first);
    passed(at, stop);
  }
  std::size_t told = 0;
  bool is_rest = false;  // of a line that is too long
  for (std::size_t begin = 0; begin < bytes.size() && !(times_known && found.off != Off::Either);) {
    if (begin - told >= stretch) passed(std::exchange(told, begin), begin);
    const std::uint8_t* const first = bytes.data() + begin;
    const std::size_t most = std::min(bytes.size() - begin, longest_line);
    const auto* newline = static_cast<const std::uint8_t*>(std::memchr(first, '\n', most));
    const ByteSpan line(first, newline == nullptr ? first + most : newline);
    begin += line.size() + (newline == nullptr ? 0 : 1);
    const bool is_long = newline == nullptr && begin != bytes.size();
    if (std::exchange(is_rest, is_long) || is_long || !holds_data(line)) continue;
    if (!times_known) {
      const Spelling spelling = spelling_of(column_text(line, dialect, dialect.t));
      found.times = std::max(found.times, spelling);
      times_known = spelling == Spelling::Fraction;
    }
    if (found.off == Off::Either) found.off = off_of(column_text(line, dialect, dialect.p));
  }
  return found;
}

}  // namespace aestream
