// EVT3 words, with vectors of 32 pixels where they are shorter. Spec: docs.prophesee.ai, "EVT 3.0 Format".
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

/// `width` of the sensor: OpenEB loses vectors that reach beyond it.
class Evt3Encoder final : public Encoder {
 public:
  explicit Evt3Encoder(std::int64_t width) : state_{.width = width} {}

  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;

  struct State {
    std::int64_t width;
    std::int64_t high = -1;  // TIME_HIGH as written, with all wraps; none yet
    std::int64_t low = -1;   // TIME_LOW as readers have it now; -1 where a TIME_HIGH has just set it to 0
    std::int64_t y = -1;
    std::int64_t base = 0;  // behind the last vector, where the next one may go on
    bool base_p = false;
    bool has_base = false;
  };

 private:
  State state_;
};

}  // namespace aestream
