// Eight bytes for every event, whatever it is.
#include "encode/dat.hpp"

#include <algorithm>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::size_t record_size = 8;

AESTREAM_MULTIVERSION
void encode_records(const Event* events, std::size_t count, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const Event& event = events[i];
    const auto x = static_cast<std::uint32_t>(event.x), y = static_cast<std::uint32_t>(event.y);
    const std::uint32_t pixel = x | y << 14 | std::uint32_t{event.p != 0} << 28;
    store_le(out + i * record_size, (static_cast<std::uint64_t>(event.t) & 0xFFFF'FFFF) | std::uint64_t{pixel} << 32);
  }
}

}  // namespace

Encoded DatEncoder::encode(ConstEventSpan events, bool, MutableByteSpan out) {
  const std::size_t count = std::min(events.size(), out.size() / record_size);
  encode_records(events.data(), count, out.data());
  return {count, count * record_size};
}

}  // namespace aestream
