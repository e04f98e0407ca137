// Fuzzes the decoder of 40-bit .bin files.
#include "decode/bin40.hpp"

#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) {
  looks_like_bin40(bytes);
  fuzz::check_decoder("bin40", bytes);
}

}  // namespace aestream

extern "C" const char* aestream_fuzz_bin40(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
