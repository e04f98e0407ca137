// Fuzzes ECF: decoding into exact room, into too little, and what the encoder makes of the events.
#include "decode/ecf.hpp"

#include <algorithm>
#include <vector>

#include "encode/ecf.hpp"
#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

bool fits_a_block(const std::vector<Event>& events) {
  return std::ranges::is_sorted(events, {}, &Event::t) &&
         std::ranges::all_of(events, [](const Event& event) { return event.x < 2048 && event.y < 2048; });
}

void check(ByteSpan bytes) {
  const std::vector<std::uint8_t> block(bytes.begin(), bytes.end());
  const std::size_t count = ecf_count(block);
  require(count <= max_ecf_events && count <= 3 * block.size(), "a block holds no more than its size allows");
  if (count > 0) {
    std::vector<Event> few(count - 1);
    try {
      decode_ecf(block, few);
      require(false, "more events than there is room for are refused");
    } catch (const FormatError& error) {
      require(error.offset() <= block.size(), "an error lies within the bytes");
    }
  }
  constexpr std::uint8_t canary = 0xA5;  // what is not written shows
  std::vector<Event> events(count, Event{-1, -1, -1, canary, {canary, canary, canary}});
  require(decode_ecf(block, events) == count, "the head's number of events is decoded");
  for (const Event& event : events) {
    require(event.t >= 0 && event.x >= 0 && event.y >= 0 && event.p <= 1, "fields lie in their ranges");
    require(event.zero[0] == 0 && event.zero[1] == 0 && event.zero[2] == 0, "pad bytes are zero");
  }
  require(std::ranges::is_sorted(events, {}, &Event::t), "times do not fall");
  if (!fits_a_block(events)) return;
  std::vector<Event> again(count);
  require(decode_ecf(encode_ecf(events), again) == count &&
              std::ranges::equal(events, again,
                                 [](auto& a, auto& b) { return a.t == b.t && a.x == b.x && a.y == b.y && a.p == b.p; }),
          "encoded events decode");
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_ecf(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
