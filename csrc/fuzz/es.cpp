// Fuzzes the decoder of ES in every type, with y as stored and mirrored.
#include "decode/es.hpp"

#include "fuzz/fuzz.hpp"

namespace aestream {

static void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t seed = load_le32(bytes.data());
  for (const EsType type : {EsType::Dvs, EsType::Atis, EsType::Color}) {
    fuzz::check_decoder(EsDecoder(type, seed % 32768), bytes.subspan(4), seed);
  }
}

}  // namespace aestream

extern "C" const char* aestream_fuzz_es(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
