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

/// Some pixels of the image in all planes of a tensor, which a block makes in memory of its own: nothing has to be cleared
/// before, and the tensor is written once. Every tile of a row reads all of its events.
struct Tile {
  U64 begin;  // the first pixel
  U64 room;   // pixels of a plane in the block's memory

  /// Where a pixel of a plane lies in that memory.
  __device__ U64 at(U64 plane, U64 pixel) const { return plane * room + pixel - begin; }
};

/// Makes the tiles of all rows, one block at a time: `locate(event)` gives a pixel or all bits set, `add(cells, tile, pixel,
/// event, ordinal, row, its ordinal)` counts, and `store(cells, tile, end, row, its ordinal)` writes the pixels before `end`.
template <I32 ahead = 4, class Locate, class Add, class Store>
__device__ inline void in_tiles(const Input& input, U64 pixels, U64 tile_size, U64 words, const Locate& locate,
                                const Add& add, const Store& store) {
  const U64 tiles = (pixels + tile_size - 1) / tile_size;
  for (U64 b = blockIdx.x; b < tiles * input.row_count; b += gridDim.x) {
    const U32 r = static_cast<U32>(b / tiles);
    const Tile tile{b % tiles * tile_size, tile_size};
    const U64 end = tile.begin + tile_size < pixels ? tile.begin + tile_size : pixels;
    const Row row = input.rows[r];
    for (U64 i = threadIdx.x; i < words; i += blockDim.x) shared_cells[i] = 0;
    __syncthreads();
    each_event<ahead>(input, row, 0, 1, [&](const DeviceEvent& event, I64 i) {
      const U64 pixel = locate(event);
      if (pixel >= tile.begin && pixel < end) add(shared_cells, tile, pixel, event, i, row, r);
    });
    __syncthreads();
    store(shared_cells, tile, end, row, r);
    __syncthreads();
  }
}

/// Hands every pixel of a tile to `work(plane, pixel)`, plane by plane.
template <class Work>
__device__ inline void each_pixel(const Tile& tile, U64 end, U32 planes, const Work& work) {
  for (U32 plane = 0; plane < planes; ++plane) {
    for (U64 pixel = tile.begin + threadIdx.x; pixel < end; pixel += blockDim.x) work(plane, pixel);
  }
}

/// Writes a tile of bytes, four at a time where that is possible.
__device__ inline void store_bytes(const U32* cells, const Tile& tile, U64 end, U32 planes, U64 pixels, U8* tensor) {
  for (U32 plane = 0; plane < planes; ++plane) {
    const U8* const from = reinterpret_cast<const U8*>(cells) + tile.at(plane, tile.begin);
    U8* const to = tensor + plane * pixels + tile.begin;
    const U64 count = end - tile.begin;
    const U64 words = (reinterpret_cast<U64>(to) & 3) == 0 ? count / 4 : 0;
    for (U64 i = threadIdx.x; i < words; i += blockDim.x) {
      reinterpret_cast<U32*>(to)[i] = reinterpret_cast<const U32*>(from)[i];
    }
    for (U64 i = words * 4 + threadIdx.x; i < count; i += blockDim.x) to[i] = from[i];
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
    each_event(input, row, 0, 1, [&](const DeviceEvent& event, I64) { add(tensor, event, row); });
    __syncthreads();
  }
}

}  // namespace aestream::cuda
