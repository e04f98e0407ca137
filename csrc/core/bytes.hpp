// Bounds-carrying views of bytes and the loads that every decoder reads its words with.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace aestream {

using ByteSpan = std::span<const std::uint8_t>;
using MutableByteSpan = std::span<std::uint8_t>;

template <class Word>
inline Word load_le(const std::uint8_t* bytes) noexcept {
  static_assert(std::endian::native == std::endian::little, "big-endian hosts are not supported");
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline std::uint16_t load_le16(const std::uint8_t* bytes) noexcept { return load_le<std::uint16_t>(bytes); }
inline std::uint32_t load_le32(const std::uint8_t* bytes) noexcept { return load_le<std::uint32_t>(bytes); }
inline std::uint64_t load_le64(const std::uint8_t* bytes) noexcept { return load_le<std::uint64_t>(bytes); }

inline std::uint16_t load_be16(const std::uint8_t* bytes) noexcept { return __builtin_bswap16(load_le16(bytes)); }
inline std::uint32_t load_be32(const std::uint8_t* bytes) noexcept { return __builtin_bswap32(load_le32(bytes)); }

/// `count` bits of `word` from bit `first` upwards.
template <class Word>
constexpr Word bits(Word word, unsigned first, unsigned count) noexcept {
  return static_cast<Word>((word >> first) & ((Word{1} << count) - 1));
}

template <class Word>
constexpr bool bit(Word word, unsigned index) noexcept {
  return ((word >> index) & 1) != 0;
}

}  // namespace aestream
