// Times add up, so a gap is written in full.
#include "encode/es.hpp"

#include <algorithm>

namespace aestream {
namespace {

constexpr std::int64_t overflow = 127;
constexpr std::uint8_t overflow_byte = 0xFF;
constexpr std::size_t event_size = 5, room = 8;  // bytes of an event, and those that it stores

}  // namespace

Encoded EsEncoder::encode(ConstEventSpan events, bool, MutableByteSpan out) {
  Encoded done;
  std::int64_t time = state_.time;
  for (; done.events < events.size() && done.bytes + room <= out.size(); ++done.events) {
    const Event& event = events[done.events];
    std::int64_t gap = event.t - time;
    if (gap >= overflow) [[unlikely]] {
      const auto steps = std::min(static_cast<std::size_t>(gap / overflow), out.size() - done.bytes);
      std::fill_n(out.data() + done.bytes, steps, overflow_byte);
      done.bytes += steps;
      time += static_cast<std::int64_t>(steps) * overflow;
      gap = event.t - time;
      if (gap >= overflow || done.bytes + room > out.size()) break;
    }
    const auto x = static_cast<std::uint16_t>(event.x), y = static_cast<std::uint16_t>(height_ - 1 - event.y);
    store_le(out.data() + done.bytes, static_cast<std::uint64_t>(gap) << 1 | std::uint64_t{event.p != 0} |
                                          std::uint64_t{x} << 8 | std::uint64_t{y} << 24);
    done.bytes += event_size;
    time = event.t;
  }
  state_.time = time;
  return done;
}

}  // namespace aestream
