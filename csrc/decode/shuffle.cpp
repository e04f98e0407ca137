// unshuffle(): the usual sizes make one store per number.
#include "decode/shuffle.hpp"

#include <algorithm>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

AESTREAM_MULTIVERSION
void unshuffle2(const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = static_cast<std::uint16_t>(in[i] | in[count + i] << 8);
    std::memcpy(out + 2 * i, &word, sizeof word);
  }
}

AESTREAM_MULTIVERSION
void unshuffle4(const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t word = 0;
    for (unsigned byte = 0; byte < 4; ++byte) word |= std::uint32_t{in[byte * count + i]} << (8 * byte);
    std::memcpy(out + 4 * i, &word, sizeof word);
  }
}

AESTREAM_MULTIVERSION
void unshuffle8(const std::uint8_t* in, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t word = 0;
    for (unsigned byte = 0; byte < 8; ++byte) word |= std::uint64_t{in[byte * count + i]} << (8 * byte);
    std::memcpy(out + 8 * i, &word, sizeof word);
  }
}

}  // namespace

void unshuffle(ByteSpan in, std::size_t size, MutableByteSpan out) {
  const std::size_t count = size == 0 ? 0 : in.size() / size;
  switch (size) {
    case 2: unshuffle2(in.data(), count, out.data()); break;
    case 4: unshuffle4(in.data(), count, out.data()); break;
    case 8: unshuffle8(in.data(), count, out.data()); break;
    default:
      for (std::size_t byte = 0; byte < size; ++byte) {
        for (std::size_t i = 0; i < count; ++i) out[i * size + byte] = in[byte * count + i];
      }
  }
  std::copy(in.begin() + static_cast<std::ptrdiff_t>(count * size), in.end(),
            out.begin() + static_cast<std::ptrdiff_t>(count * size));
}

}  // namespace aestream
