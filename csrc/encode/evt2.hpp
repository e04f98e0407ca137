// EVT2 words, a TIME_HIGH whenever t >> 6 changes. Spec: docs.prophesee.ai, "EVT 2.0 Format".
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

class Evt2Encoder final : public Encoder {
 public:
  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;

 private:
  struct State {
    std::int64_t high = -1;  // TIME_HIGH as written, with all wraps; none yet
  };
  State state_;
};

}  // namespace aestream
