// EVT2.1 words, mask half first; neighbours of one time share a word. Spec: docs.prophesee.ai, "EVT 2.1 Format".
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

class Evt21Encoder final : public Encoder {
 public:
  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;

 private:
  struct State {
    std::int64_t high = -1;  // TIME_HIGH as written, with all wraps; none yet
  };
  State state_;
};

}  // namespace aestream
