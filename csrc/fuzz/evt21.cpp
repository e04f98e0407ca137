// Fuzzes the decoder of EVT2.1 in both word orders.
#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) {
  fuzz::check_decoder("evt21", bytes);
  fuzz::check_decoder("evt21_legacy", bytes);
}

}  // namespace aestream

extern "C" const char* aestream_fuzz_evt21(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
