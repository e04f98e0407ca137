// 40-bit .bin of N-MNIST, N-Caltech101 and N-SOD: rows of x, y, polarity and 23 bits of time. Spec: garrickorchard.com/datasets.
#pragma once

#include "decode/decoder.hpp"

namespace aestream {

class Bin40Decoder final : public Decoder {
 public:
  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan, std::size_t) const override { return {}; }
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return 8192; }
  std::size_t max_events_per_word() const override { return 1; }
};

/// Whether the times of the first rows rise as in a recording; the format has no magic bytes. An empty file is one, too.
bool looks_like_bin40(ByteSpan file);

}  // namespace aestream
