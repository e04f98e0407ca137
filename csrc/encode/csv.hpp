// Text, one event a line: t, x, y, p.
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

struct CsvStyle {
  char separator;
  bool seconds;  // with six decimals, else microseconds
};

class CsvEncoder final : public Encoder {
 public:
  static constexpr std::size_t max_line =
      48;  // 20 characters of time with its point, 5 of each coordinate, some to spare

  explicit CsvEncoder(CsvStyle style) : style_(style) {}

  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;

 private:
  CsvStyle style_;
};

}  // namespace aestream
