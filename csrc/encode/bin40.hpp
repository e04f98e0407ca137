// 40-bit .bin of N-MNIST and N-Caltech101: five bytes for an event, no header. Spec: garrickorchard.com/datasets/n-mnist.
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

class Bin40Encoder final : public Encoder {
 public:
  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;
};

}  // namespace aestream
