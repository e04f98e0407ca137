// The '%' header of Prophesee's RAW and DAT files, and what it says about format and geometry.
#pragma once

#include <map>
#include <string>

#include "decode/decoder.hpp"

namespace aestream {

struct PercentHeader {
  std::map<std::string, std::string> fields;  // a repeated key: the last one
  std::size_t size = 0;                       // bytes before the payload
  bool ended = false;                         // by a line `% end`
};

/// Reads lines that begin with "% " up to `% end` or the first one that does not. Throws FormatError for a cut line.
PercentHeader read_percent_header(ByteSpan file);

/// What a stream file says about itself. Width and height are 0 where it does not say.
struct StreamHeader {
  std::string format;  // "evt2", "evt21", "evt3", "dat"
  std::map<std::string, std::string> fields;
  std::size_t payload = 0;  // offset of the first word
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::string variant;  // evt21: "little", "legacy", or empty; dat: "1" or "2"
  int event_type = -1;  // dat: the type byte
};

/// Throws FormatError for a format without a name here, and for keys that contradict each other.
StreamHeader read_raw_header(ByteSpan file);

/// Throws FormatError for another event type or size than those of change and trigger records.
StreamHeader read_dat_header(ByteSpan file);

}  // namespace aestream
