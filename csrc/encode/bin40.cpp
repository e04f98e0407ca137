// Big-endian rows of x, y, polarity and 23 bits of time. Rows that move the clock on are not written: published files have none.
#include "encode/bin40.hpp"

#include <algorithm>

namespace aestream {
namespace {

constexpr std::size_t row_size = 5;

}  // namespace

Encoded Bin40Encoder::encode(ConstEventSpan events, bool, MutableByteSpan out) {
  const std::size_t count = std::min(events.size(), out.size() / row_size);
  for (std::size_t i = 0; i < count; ++i) {
    const Event& event = events[i];
    std::uint8_t* row = out.data() + i * row_size;
    row[0] = static_cast<std::uint8_t>(event.x);
    row[1] = static_cast<std::uint8_t>(event.y);
    row[2] = static_cast<std::uint8_t>((event.p != 0 ? 0x80 : 0) | (event.t >> 16 & 0x7F));
    row[3] = static_cast<std::uint8_t>(event.t >> 8);
    row[4] = static_cast<std::uint8_t>(event.t);
  }
  return {count, count * row_size};
}

}  // namespace aestream
