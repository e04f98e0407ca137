// DAT records, version 2: t modulo 2^32, then x, y and p. Spec: docs.prophesee.ai, "DAT File Format".
#pragma once

#include "encode/encoder.hpp"

namespace aestream {

class DatEncoder final : public Encoder {
 public:
  Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) override;
};

}  // namespace aestream
