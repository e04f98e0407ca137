// Copying, and cleaning what is no event of ours: a polarity beyond 1, pad bytes that are set.
#include "decode/plain_events.hpp"

#include <algorithm>

#include "decode/aedat4.hpp"

namespace aestream {

Progress PlainEventsDecoder::decode(ByteSpan bytes, State&, EventSpan out) const {
  const std::size_t count = std::min(bytes.size() / sizeof(Event), out.size());
  copy_events(bytes.first(count * sizeof(Event)), out.data());
  return {count * sizeof(Event), count};
}

Scan PlainEventsDecoder::scan(ByteSpan bytes, State&, bool) const {
  Scan result;
  result.events = bytes.size() / sizeof(Event);
  result.bytes = result.events * sizeof(Event);
  for (std::size_t i = 0; i < result.bytes; i += sizeof(Event)) {
    result.time_bound = std::max(result.time_bound, load_le<std::int64_t>(&bytes[i]));
  }
  return result;
}

std::size_t PlainEventsDecoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + sizeof(Event) - 1) / sizeof(Event) * sizeof(Event), payload.size());
}

}  // namespace aestream
