// Fuzzes the decoder of EVT3.
#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) { fuzz::check_decoder("evt3", bytes); }

}  // namespace aestream

extern "C" const char* aestream_fuzz_evt3(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
