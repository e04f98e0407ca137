// Prophesee EVT2.1: 64-bit words, a control half and a mask of 32 pixels. Spec: docs.prophesee.ai, "EVT 2.1 Format".
#pragma once

#include "decode/decoder.hpp"

namespace aestream {

/// Which half of a word comes first in the file; each half is little-endian either way.
enum class Evt21Order { Little, Legacy };  // mask first, control first

class Evt21Decoder final : public Decoder {
 public:
  explicit Evt21Decoder(Evt21Order order) : order_(order) {}

  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan payload, std::size_t offset) const override;
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return std::int64_t{1} << 34; }
  std::size_t max_events_per_word() const override { return 32; }
  bool could_leave(const State& state) const override;

 private:
  Evt21Order order_;
};

/// The order in which the payload makes sense, for headers that do not say: in the wrong one, TIME_HIGH is absent or random.
Evt21Order sniff_evt21_order(ByteSpan payload);

}  // namespace aestream
