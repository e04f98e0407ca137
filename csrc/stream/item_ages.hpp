// How old the latest items were when they were handed out.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace aestream {

/// Of the latest 1000 items; small enough to copy.
class ItemAges {
 public:
  static constexpr std::size_t room = 1000;

  void add(std::chrono::steady_clock::duration age);

  /// The age that a `part` of these items does not exceed, in microseconds; 0 without items.
  double quantile_us(double part);

 private:
  std::array<float, room> ages_us_{};  // in no order
  std::size_t count_ = 0;              // of all items
};

}  // namespace aestream
