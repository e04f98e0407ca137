// What numbers in columns and in text mean for a polarity.
#pragma once

#include <cstdint>
#include <type_traits>

namespace aestream {

/// What stands for OFF in a recording; 1 is ON in any. Zero and -1 in one recording would be three values.
enum class Off : std::uint8_t { Either, Zero, MinusOne };

/// Whether it is -1, or what -1 becomes where it is stored unsigned.
template <class T>
constexpr bool is_minus_one(T value) noexcept {
  if (value == static_cast<T>(-1)) return true;
  if constexpr (sizeof(T) > 1) {
    if (value == static_cast<T>(255)) return true;
  }
  if constexpr (sizeof(T) > 2) {
    if (value == static_cast<T>(65535)) return true;
  }
  if constexpr (sizeof(T) > 4) return value == static_cast<T>(4294967295);
  return false;
}

template <class T>
constexpr bool is_off(T value, Off off) noexcept {
  return (value == 0 && off != Off::MinusOne) || (off != Off::Zero && is_minus_one(value));
}

}  // namespace aestream
