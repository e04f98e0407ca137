// Fuzzes the decoder of events as they lie in memory.
#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) { fuzz::check_decoder("events", bytes); }

}  // namespace aestream

extern "C" const char* aestream_fuzz_events(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
