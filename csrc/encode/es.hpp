// Event Stream 2: five bytes for an event, one for 127 µs without any. Spec: github.com/neuromorphicsystems/event_stream.
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

/// `height` of the sensor: the format counts y from the bottom.
class EsEncoder final : public Encoder {
 public:
  explicit EsEncoder(std::int64_t height) : height_(height) {}

  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;

 private:
  struct State {
    std::int64_t time = 0;  // of the last byte; a file starts at 0
  };
  std::int64_t height_;
  State state_;
};

}  // namespace aestream
