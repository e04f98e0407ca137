// Lines of plain spelling go through read_plain_lines(), any other through parse_line(); both mean the same.
#include "decode/csv.hpp"

#include <algorithm>
#include <array>

#include "core/multiversion.hpp"
#include "decode/csv_line.hpp"
#include "decode/csv_plain.hpp"

namespace aestream {
namespace {

struct LineCount {
  std::size_t lines = 0;
  bool all_data = true;  // no line but perhaps the first begins as a blank line or a comment does
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
      special |= newline & (in[k + 1] <= '%');
    }
    result.lines += lines;
  }
  for (; i < size; ++i) {
    result.lines += in[i] == '\n';
    special |= in[i] == '\n' && i + 1 < size && in[i + 1] <= '%';
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
  if (count.all_data && bytes[0] > '%') return count.lines;
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
  Progress done;
  while (done.events < out.size() && done.bytes < bytes.size()) {
    const Progress read = read_plain_lines(bytes.subspan(done.bytes), dialect_, out.subspan(done.events));
    done.bytes += read.bytes;
    done.events += read.events;
    if (done.events == out.size()) break;
    const ByteSpan rest = bytes.subspan(done.bytes);
    const std::uint8_t* const newline = rest.empty() ? nullptr : find_newline(rest.data(), rest.data() + rest.size());
    if (newline == nullptr) break;
    const ByteSpan line(rest.data(), newline);
    try {
      if (holds_data(line)) out[done.events++] = parse_line(line, dialect_, done.bytes);
    } catch (const FormatError&) {
      if (done.events == 0) throw;
      return done;  // what stands before a bad line comes first; the next call begins with it and throws
    }
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
