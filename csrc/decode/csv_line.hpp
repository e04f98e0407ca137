// One line of text, of any dialect, into one event: what every line means. csv.cpp has a shorter way for plain lines.
#pragma once

#include "decode/csv.hpp"

namespace aestream {

/// False for a blank line and for a comment.
bool holds_data(ByteSpan line) noexcept;

/// The event of a line that holds data, given without its newline.
/// Throws FormatError at the offending column; `offset` is that of the line.
Event parse_line(ByteSpan line, const CsvDialect& dialect, std::size_t offset);

/// The same for a line that the end of the file ends: false if columns are missing, or if the last one cannot be read.
bool parse_last_line(ByteSpan line, const CsvDialect& dialect, std::size_t offset, Event& event);

/// The text of one column; empty if the line has not so many.
ByteSpan column_text(ByteSpan line, const CsvDialect& dialect, std::size_t column);

}  // namespace aestream
