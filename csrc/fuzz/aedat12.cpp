// Fuzzes the decoders of AEDAT 1 and 2 with both address maps.
#include "decode/aedat12.hpp"

#include <array>

#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

constexpr std::array layouts{
    Aedat12Layout{1, AddressMap::Dvs128, 128, 128},
    Aedat12Layout{2, AddressMap::Dvs128, 128, 128},
    Aedat12Layout{2, AddressMap::Davis, 346, 260},
    Aedat12Layout{2, AddressMap::Davis, 240, 180, false, true},
};

void check(ByteSpan bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t seed = load_le32(bytes.data());
  fuzz::check_decoder(Aedat12Decoder(layouts[seed % layouts.size()]), bytes.subspan(4), seed);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_aedat12(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
