// Prophesee DAT, versions 1 and 2: fixed 8-byte records of t u32 and packed x, y, p. Spec: docs.prophesee.ai, "DAT File Format".
#pragma once

#include "decode/decoder.hpp"

namespace aestream {

class DatDecoder final : public Decoder {
 public:
  /// version 1 (old ATIS recordings) packs x, y, p as 9, 8, 1 bits; version 2 as 14, 14, 4.
  explicit DatDecoder(int version) : version_(version) {}

  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan payload, std::size_t offset) const override;
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return std::int64_t{1} << 32; }
  std::size_t max_events_per_word() const override { return 1; }
  bool could_leave(const State& state) const override;

 private:
  int version_;
};

}  // namespace aestream
