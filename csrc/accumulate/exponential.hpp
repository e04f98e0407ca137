// exp() that every compiler vectorises; a library's takes one number at a time.
#pragma once

#include <bit>
#include <cstdint>

namespace aestream {

/// exp(-age) of an age from 0 upwards, to 1e-10 of it.
inline double decayed(double age) {
  constexpr double to_whole = 0x1.8p52;        // what is added to it loses its fraction
  const double x = age < 700 ? -age : -700.0;  // beyond, no float is left
  const double shifted = x * 1.4426950408889634 + to_whole;
  const double halvings = shifted - to_whole;
  const double rest = x - halvings * 0.6931471805599453;
  double p = 1.0 / 362880;
  for (const double c : {1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    p = p * rest + c;
  }
  return p * std::bit_cast<double>((std::bit_cast<std::uint64_t>(shifted) + 1023) << 52);
}

}  // namespace aestream
