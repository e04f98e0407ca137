// Bins of equal length on the axis of a row.
#pragma once

#include "events.cuh"

namespace aestream::cuda {

/// Microseconds after `start`; 0 before it.
__device__ inline U64 since(I64 t, I64 start) { return t < start ? 0 : static_cast<U64>(t) - static_cast<U64>(start); }

/// The whole part of length * i / parts, for i up to `parts` <= 2^16, without a product that overflows.
__device__ inline U64 edge_of(U64 length, U64 i, U64 parts) { return length / parts * i + length % parts * i / parts; }

/// Whole quotients by one number.
struct Divider {
  U64 by;
  double inverse;

  __device__ explicit Divider(U64 number) : by(number), inverse(1.0 / static_cast<double>(number)) {}

  __device__ U64 divide(U64 number) const {
    if (number >> 50 != 0) return number / by;
    // The product is off by less than 1, and so is its whole part.
    U64 quotient = static_cast<U64>(static_cast<double>(number) * inverse);
    const I64 rest = static_cast<I64>(number) - static_cast<I64>(quotient * by);
    if (rest < 0) return quotient - 1;
    return static_cast<U64>(rest) < by ? quotient : quotient + 1;
  }
};

/// The axis of a row in parts of equal length.
struct Parts {
  I64 start;
  U64 length;
  U32 count;
  Divider divider;

  __device__ Parts(const Row& row, U32 parts)
      : start(row.start),
        length(static_cast<U64>(row.stop) - static_cast<U64>(row.start)),
        count(parts),
        divider(length > 0 ? length : 1) {}

  /// The bin of a histogram: count * age / length, whole, from the first to the last.
  __device__ U32 bin(I64 t) const {
    const U64 age = since(t, start);
    if (age >= divider.by) return count - 1;
    if (length >> 47 != 0) return wide_bin(age);
    return static_cast<U32>(divider.divide(age * count));
  }

  /// The part of Steps that a time lies in: part i begins at start + length * i / count, rounded down.
  __device__ U32 part(I64 t) const {
    if (t < start) return 0;
    const U64 age = since(t, start);
    if (age >= length) return count - 1;
    if (length >> 46 != 0) return wide_part(age);
    return static_cast<U32>(divider.divide((age + 1) * count - 1));
  }

 private:
  // Where a product would not fit: windows of years.
  __device__ U32 wide_bin(U64 age) const {
    U32 bin = 0;
    while (bin + 1 < count && edge_of(length, bin + 1, count) + (length % count * (bin + 1) % count != 0) <= age) ++bin;
    return bin;
  }
  __device__ U32 wide_part(U64 age) const {
    U32 part = 0;
    while (part + 1 < count && edge_of(length, part + 1, count) <= age) ++part;
    return part;
  }
};

}  // namespace aestream::cuda
