// What tensors are counted in: bytes that saturate, and memory that a block shares.
#pragma once

#include "events.cuh"

namespace aestream::cuda {

#ifndef AESTREAM_ON_HOST  // there it is a pointer that every block sets
extern __shared__ U32 shared_cells[];
#endif

/// Adds 1 to a byte that stays at `most`. Four bytes are one word, to which all threads add at once. A thread that finds
/// the byte at `most` takes its own 1 back: what is not taken back never passes `most`, so it makes no difference when.
/// Only the first of all that finds 255 there spoils the word, and says so in `again`.
__device__ inline void add_saturating(U8* byte, U32 most, U32* again) {
  U32* const word = reinterpret_cast<U32*>(reinterpret_cast<U64>(byte) & ~3ULL);
  const U32 shift = static_cast<U32>(reinterpret_cast<U64>(byte) & 3) * 8, one = 1U << shift;
  const U32 before = atomicAdd(word, one) >> shift & 0xFF;
  if (before < most) return;
  if (before == 255) {
    atomicOr(again, 1U);
  } else {
    atomicAdd(word, 0U - one);
  }
}

/// The same, one thread after the other: for the few tensors in which a byte has overflowed. A pixel that has had its
/// most costs a look.
__device__ inline void add_one_by_one(U8* byte, U32 most) {
  U32* const word = reinterpret_cast<U32*>(reinterpret_cast<U64>(byte) & ~3ULL);
  const U32 shift = static_cast<U32>(reinterpret_cast<U64>(byte) & 3) * 8;
  U32 seen = atomicOr(word, 0U);
  while ((seen >> shift & 0xFF) < most) {
    const U32 before = atomicCAS(word, seen, seen + (1U << shift));
    if (before == seen) return;
    seen = before;
  }
}

/// Makes a row's tensor in memory that its block shares, one block a row: `add(cells, event, ordinal, row)`, then
/// `store(cells, element, row)`.
template <I32 ahead = 2, class Add, class Store>
__device__ inline void in_shared(const Input& input, U64 words, U64 elements, const Add& add, const Store& store) {
  for (U32 r = blockIdx.x; r < input.row_count; r += gridDim.x) {
    const Row row = input.rows[r];
    for (U64 i = threadIdx.x; i < words; i += blockDim.x) shared_cells[i] = 0;
    __syncthreads();
    each_event<ahead>(input, row, 0, 1, [&](const DeviceEvent& event, I64 i) { add(shared_cells, event, i, row, r); });
    __syncthreads();
    for (U64 i = threadIdx.x; i < elements; i += blockDim.x) store(shared_cells, i, row, r);
    __syncthreads();
  }
}

/// Makes every row whose bytes have overflowed again, one block a row: `add(tensor, event, row)` for its events.
template <class Add>
__device__ inline void again_one_by_one(const Input& input, const Target& target, const U32* again, const Add& add) {
  for (U32 r = blockIdx.x; r < input.row_count; r += gridDim.x) {
    if (again[r] == 0) continue;
    const Row row = input.rows[r];
    U8* const tensor = tensor_of<U8>(target, row);
    for (U64 i = threadIdx.x; i < target.elements; i += blockDim.x) tensor[i] = 0;
    __syncthreads();
    each_event<1>(input, row, 0, 1, [&](const DeviceEvent& event, I64) { add(tensor, event, row); });
    __syncthreads();
  }
}

}  // namespace aestream::cuda
