// Where an event lies on the sensor, read as one word.
#pragma once

#include "accumulate/accumulator.hpp"
#include "core/bytes.hpp"

namespace aestream {

/// A polarity's other bits are nobody's.
inline bool is_on(const Event& event) { return (event.p & 1) != 0; }

struct Pixel {
  std::uint32_t x, y, on;

  explicit Pixel(const Event& event) {
    const auto word = load_le64(reinterpret_cast<const std::uint8_t*>(&event) + offsetof(Event, x));
    x = static_cast<std::uint32_t>(bits(word, 0, 16));  // negative ones are large here
    y = static_cast<std::uint32_t>(bits(word, 16, 16));
    on = static_cast<std::uint32_t>(bits(word, 32, 1));
  }

  bool inside(Geometry geometry) const { return x < geometry.width && y < geometry.height; }
  std::size_t index(Geometry geometry) const { return std::size_t{y} * geometry.width + x; }
};

}  // namespace aestream
