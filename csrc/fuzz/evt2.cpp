// Fuzzes the decoder of EVT2.
#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) { fuzz::check_decoder("evt2", bytes); }

}  // namespace aestream

extern "C" const char* aestream_fuzz_evt2(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
