// What drops or moves events, block by block, so that it can run while a file is decoded.
#pragma once

#include <cstdint>

#include "core/event.hpp"

namespace aestream {

/// Results depend on the events and their order only, never on how they are cut into blocks. The bytes of an event that
/// hold no field pass through as they are.
class Filter {
 public:
  virtual ~Filter() = default;

  /// Writes what becomes of `in` to the front of `out`, which has room for as many events and overlaps `in` nowhere.
  /// Returns how many are kept. What lies behind those in `out` is undefined.
  virtual std::size_t apply(ConstEventSpan in, EventSpan out) = 0;
};

/// A sensor's size in pixels, with the test that every filter asks: negative coordinates are large unsigned ones.
struct PixelGrid {
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool holds(const Event& event) const noexcept {
    return static_cast<std::uint16_t>(event.x) < width && static_cast<std::uint16_t>(event.y) < height;
  }
  std::size_t pixel(const Event& event) const noexcept {
    return static_cast<std::size_t>(event.y) * width + static_cast<std::size_t>(event.x);
  }
  std::size_t pixels() const noexcept { return std::size_t{width} * height; }
};

}  // namespace aestream
