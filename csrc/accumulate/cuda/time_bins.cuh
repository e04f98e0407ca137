// Bins of equal length on the axis of a row.
#pragma once

#include "events.cuh"

namespace aestream::cuda {

/// Microseconds after `start`; 0 before it.
__device__ inline U64 since(I64 t, I64 start) { return t < start ? 0 : static_cast<U64>(t) - static_cast<U64>(start); }

/// The whole part of length * i / parts, for i up to `parts` <= 2^16, without a product that overflows.
__device__ inline U64 edge_of(U64 length, U64 i, U64 parts) { return length / parts * i + length % parts * i / parts; }

/// The largest bin that begins at or before `age` µs: bin b begins at the first whole µs that b / bins of the length is
/// not after.
__device__ inline U32 bin_of(U64 age, U64 length, U32 bins) {
  if (age >= length) return bins - 1;
  U64 bin = static_cast<U64>(static_cast<double>(age) * bins / static_cast<double>(length));
  if (bin >= bins) bin = bins - 1;
  // bins * age / length, whole: the guess is off by one at most, and the remainder says so.
  while (bin > 0 && edge_of(length, bin, bins) + (length % bins * bin % bins != 0) > age) --bin;
  while (bin + 1 < bins && edge_of(length, bin + 1, bins) + (length % bins * (bin + 1) % bins != 0) <= age) ++bin;
  return static_cast<U32>(bin);
}

/// The part of Steps that a time lies in: part i begins at start + length * i / parts, rounded down.
__device__ inline U32 part_of(I64 t, const Row& row, U32 parts) {
  const U64 length = static_cast<U64>(row.stop) - static_cast<U64>(row.start), age = since(t, row.start);
  if (t < row.start) return 0;
  if (age >= length) return parts - 1;
  U64 part = static_cast<U64>(static_cast<double>(age) * parts / static_cast<double>(length));
  if (part >= parts) part = parts - 1;
  while (part > 0 && edge_of(length, part, parts) > age) --part;
  while (part + 1 < parts && edge_of(length, part + 1, parts) <= age) ++part;
  return static_cast<U32>(part);
}

}  // namespace aestream::cuda
