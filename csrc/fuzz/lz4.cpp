// Fuzzes LZ4 frames, into memory of several sizes that ends where it should.
#include "decode/lz4.hpp"

#include <algorithm>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

constexpr std::size_t most = std::size_t{1} << 16;

void check(ByteSpan bytes) {
  const std::vector<std::uint8_t> frame(bytes.begin(), bytes.end());
  std::vector<std::uint8_t> whole(most);
  const auto size = inflate_lz4(frame, whole);
  if (!size) return;
  require(*size <= whole.size(), "what is inflated fits");
  std::vector<std::uint8_t> exact(*size);
  require(inflate_lz4(frame, exact) == size, "memory of the exact size is enough");
  require(std::ranges::equal(exact, std::span(whole).first(*size)),
          "exact copies and those of whole words are the same");
  if (exact.empty()) return;
  exact.pop_back();
  require(!inflate_lz4(frame, exact), "less is not enough");
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_lz4(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
