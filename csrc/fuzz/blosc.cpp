// Fuzzes chunks of Blosc, with a codec that repeats what it gets.
#include "decode/blosc.hpp"

#include <vector>

#include "core/error.hpp"
#include "decode/shuffle.hpp"
#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

constexpr std::size_t most = std::size_t{1} << 16;

/// Fills `out`, or gives less where the first byte is odd.
std::size_t repeat(ByteSpan compressed, MutableByteSpan out) {
  if (compressed.empty()) throw FormatError(0, "expected bytes");
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = compressed[i % compressed.size()];
  return compressed[0] % 2 == 0 ? out.size() : out.size() / 2;
}

void check_shuffle(ByteSpan bytes) {
  for (const std::size_t size : {0, 1, 2, 3, 4, 8, 255}) {
    std::vector<std::uint8_t> out(bytes.size(), 0);
    unshuffle(bytes, size, out);
    const std::size_t count = size == 0 ? 0 : bytes.size() / size;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const bool is_whole = i < count * size;
      require(out[i] == bytes[is_whole ? i % size * count + i / size : i], "every byte is put back");
    }
  }
}

void check(ByteSpan bytes) {
  const std::vector<std::uint8_t> chunk(bytes.begin(), bytes.end());
  check_shuffle(chunk);
  const std::size_t size = blosc_size(chunk);
  if (size > most) return;
  std::vector<std::uint8_t> out(size);
  decode_blosc(chunk, {repeat, repeat, repeat}, out);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_blosc(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
