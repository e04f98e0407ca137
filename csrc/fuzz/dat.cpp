// Fuzzes the decoder of DAT, versions 1 and 2.
#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) {
  fuzz::check_decoder("dat", bytes);
  fuzz::check_decoder("dat1", bytes);
}

}  // namespace aestream

extern "C" const char* aestream_fuzz_dat(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
