// Prophesee EVT2: 32-bit words. Spec: docs.prophesee.ai, "EVT 2.0 Format".
#pragma once

#include "decode/decoder.hpp"

namespace aestream {

class Evt2Decoder final : public Decoder {
 public:
  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan payload, std::size_t offset) const override;
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return std::int64_t{1} << 34; }
  std::size_t max_events_per_word() const override { return 1; }
  bool could_leave(const State& state) const override;
};

}  // namespace aestream
