// One number of every row: any integer, float or boolean, in either byte order, at any stride.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"

namespace aestream {

enum class Number : std::uint8_t { I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64 };

std::size_t size_of(Number number) noexcept;

/// One number of every row.
struct Column {
  ByteSpan bytes;
  std::size_t begin = 0;   // of the first row's number in `bytes`
  std::size_t stride = 0;  // bytes from one row to the next
  Number number = Number::I64;
  bool big_endian = false;

  /// Whether `bytes` holds so many rows.
  bool holds(std::uint64_t rows) const noexcept;
};

/// Sets the number's type and byte order as NumPy writes them, such as "<u2", "|b1" or ">f8"; false for any other type.
bool set_type(Column& column, std::string_view dtype) noexcept;

template <class T>
inline T swap_bytes(T value) noexcept {
  std::array<std::uint8_t, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// IEEE 754 half precision.
inline double to_double(std::uint16_t half) noexcept {
  const int exponent = bits(half, 10, 5), fraction = bits(half, 0, 10);
  const double sign = bit(half, 15) ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

/// Calls use(load), where load(i) is the number of row first + i. Rows that lie close together get a loop of their own.
template <class T, class Use>
auto with_type(const Column& column, std::uint64_t first, const Use& use) {
  const std::size_t stride = column.stride;
  const std::uint8_t* row = column.bytes.data() + column.begin + first * stride;
  if (column.big_endian) return use([=](std::size_t i) { return swap_bytes(load_le<T>(row + i * stride)); });
  if (stride == sizeof(T)) return use([=](std::size_t i) { return load_le<T>(row + i * sizeof(T)); });
  return use([=](std::size_t i) { return load_le<T>(row + i * stride); });
}

template <class Use>
auto with_loader(const Column& column, std::uint64_t first, const Use& use) {
  switch (column.number) {
    case Number::I8: return with_type<std::int8_t>(column, first, use);
    case Number::I16: return with_type<std::int16_t>(column, first, use);
    case Number::I32: return with_type<std::int32_t>(column, first, use);
    case Number::I64: return with_type<std::int64_t>(column, first, use);
    case Number::U8: return with_type<std::uint8_t>(column, first, use);
    case Number::U16: return with_type<std::uint16_t>(column, first, use);
    case Number::U32: return with_type<std::uint32_t>(column, first, use);
    case Number::U64: return with_type<std::uint64_t>(column, first, use);
    case Number::F32: return with_type<float>(column, first, use);
    case Number::F64: return with_type<double>(column, first, use);
    case Number::F16: break;
  }
  return with_type<std::uint16_t>(column, first,
                                  [&](auto load) { return use([=](std::size_t i) { return to_double(load(i)); }); });
}

}  // namespace aestream
