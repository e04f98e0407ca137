// Fuzzes the decoder of text in several dialects.
#include "decode/csv.hpp"

#include <array>

#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

constexpr std::array dialects{
    CsvDialect{},
    CsvDialect{' ', 0, 1, 2, 3, 4, 6},
    CsvDialect{' ', 0, 1, 2, 3, 4, 0, Off::MinusOne},
    CsvDialect{',', 2, 0, 1, 3, 4, 0},
    CsvDialect{'\t', 3, 1, 2, 0, 4, -3},
    CsvDialect{';', 1, 2, 4, 5, 6, 6, Off::Zero},
};

void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t seed = load_le32(bytes.data());
  fuzz::check_decoder(CsvDecoder(dialects[seed % dialects.size()]), bytes.subspan(4), seed);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_csv(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
