// A hash of 64 bits (FNV-1a) against damage and change, not against an enemy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aestream::cuda {

/// `seed` is the fingerprint of what went before.
inline std::uint64_t fingerprint(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325) {
  for (const char byte : bytes) seed = (seed ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3;
  return (seed ^ bytes.size()) * 0x100000001b3;
}

}  // namespace aestream::cuda
