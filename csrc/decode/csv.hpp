// Text: one event a line, in columns whose order is the dialect's. Comments ('#', '%') and blank lines are skipped.
#pragma once

#include "decode/decoder.hpp"
#include "decode/polarity.hpp"

namespace aestream {

struct CsvDialect {
  std::uint8_t separator = ',';             // ' ' stands for any run of spaces and tabs
  std::uint8_t t = 0, x = 1, y = 2, p = 3;  // the column of each, from 0
  std::uint8_t columns = 4;                 // of every line; those that are not named above are ignored
  std::int8_t power = 0;                    // t counts 10^power microseconds: 6 for seconds, -3 for nanoseconds
  Off off = Off::Either;
};

class CsvDecoder final : public Decoder {
 public:
  explicit CsvDecoder(const CsvDialect& dialect) : dialect_(dialect) {}

  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  /// Without `times` it counts lines that hold data; with them it decodes, so that every malformed line is found.
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan, std::size_t) const override { return {}; }
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return 0; }
  std::size_t max_events_per_word() const override { return 1; }
  /// A last line without newline is whole if all its columns are there and can be read.
  Progress finish(ByteSpan bytes, State& state, EventSpan out) const override;
  bool is_text() const override { return true; }

 private:
  CsvDialect dialect_;
};

}  // namespace aestream
