// Frames: how many events each pixel had in the window.
#pragma once

#include "accumulate/accumulator.hpp"

namespace aestream {

struct FrameSpec {
  enum class Polarity { Split, Sum, Difference };  // channels: OFF and ON; ON + OFF; ON - OFF
  enum class Type { Float32, UInt8 };              // UInt8 saturates at 255 and has no Difference

  Polarity polarity = Polarity::Split;
  Type type = Type::Float32;

  std::size_t channels() const noexcept { return polarity == Polarity::Split ? 2 : 1; }
  bool is_float() const noexcept { return type == Type::Float32; }
};

AccumulatorFactory make_accumulator(const FrameSpec& spec, Geometry geometry);

}  // namespace aestream
