// Events as they lie in memory, 16 bytes each: what a temporary file holds when its origin can only be read once.
#pragma once

#include "decode/decoder.hpp"

namespace aestream {

class PlainEventsDecoder final : public Decoder {
 public:
  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan, std::size_t) const override { return {}; }
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return 0; }
  std::size_t max_events_per_word() const override { return 1; }
};

}  // namespace aestream
