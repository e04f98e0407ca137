// Reading events: three layouts, and the map of coordinates on the way.
#pragma once

#include "params.cuh"

namespace aestream::cuda {

struct DeviceEvent {
  I64 t;
  U32 x, y, on;
};

struct alignas(16) RecordWords {
  U64 t, rest;
};

__device__ inline U32 mapped(const AxisMap& axis, U32 value) {
  const I64 moved = axis.sign * static_cast<I64>(value) + axis.offset;
  return static_cast<U32>(axis.divisor == 1 ? moved : moved / axis.divisor);
}

/// Event `i` as it is drawn. False if it is not.
__device__ inline bool load_event(const Input& input, const Row& row, I64 i, DeviceEvent& event) {
  const Source& source = input.source;
  if (source.layout == Layout::Packed) {
    const U64 word = static_cast<const U64*>(source.t)[i];
    if (word >> 63 != 0) return false;
    event.t = row.base + static_cast<I64>(word & 0xFFFFFFFFU);
    event.x = static_cast<U32>(word >> 32) & 0x3FFF;
    event.y = static_cast<U32>(word >> 46) & 0x3FFF;
    event.on = static_cast<U32>(word >> 60) & 1;
  } else if (source.layout == Layout::Records) {
    const RecordWords words = static_cast<const RecordWords*>(source.t)[i];
    event.t = static_cast<I64>(words.t);
    event.x = static_cast<U32>(words.rest) & 0xFFFF;
    event.y = static_cast<U32>(words.rest >> 16) & 0xFFFF;
    event.on = static_cast<U32>(words.rest >> 32) & 1;
  } else {
    event.t = static_cast<const I64*>(source.t)[i];
    event.x = static_cast<const U16*>(source.x)[i];  // negative ones are large here
    event.y = static_cast<const U16*>(source.y)[i];
    event.on = static_cast<const U8*>(source.p)[i] & 1U;
  }
  if (!input.map.is_plain) {
    const Map& map = input.map;
    const U32 x = map.swaps ? event.y : event.x, y = map.swaps ? event.x : event.y;
    if (event.x < map.x.begin || event.x >= map.x.end || event.y < map.y.begin || event.y >= map.y.end) return false;
    event.x = mapped(map.x, x);
    event.y = mapped(map.y, y);
    event.on ^= map.flips;
  }
  return event.x < input.width && event.y < input.height;
}

/// The time alone, of an event that may lie anywhere.
__device__ inline I64 load_time(const Input& input, const Row& row, I64 i) {
  const Source& source = input.source;
  if (source.layout == Layout::Packed) {
    return row.base + static_cast<I64>(static_cast<const U64*>(source.t)[i] & 0xFFFFFFFFU);
  }
  if (source.layout == Layout::Records) return static_cast<I64>(static_cast<const RecordWords*>(source.t)[i].t);
  return static_cast<const I64*>(source.t)[i];
}

/// Hands every event of a row that is drawn to `add(event, ordinal)`, shared out among the threads of some blocks. A thread
/// asks for `ahead` events before it looks at the first: memory answers late.
template <I32 ahead = 4, class Add>
__device__ inline void each_event(const Input& input, const Row& row, U32 block, U32 blocks, const Add& add) {
  const I64 step = static_cast<I64>(blocks) * blockDim.x;
  for (I64 i = row.first + static_cast<I64>(block) * blockDim.x + threadIdx.x; i < row.last; i += ahead * step) {
    DeviceEvent events[ahead];
    bool is_drawn[ahead];
#pragma unroll
    for (I32 k = 0; k < ahead; ++k) {
      is_drawn[k] = i + k * step < row.last && load_event(input, row, i + k * step, events[k]);
    }
#pragma unroll
    for (I32 k = 0; k < ahead; ++k) {
      if (is_drawn[k]) add(events[k], i + k * step);
    }
  }
}

/// Hands every row to `work(row, its ordinal)`: blocks side by side in y.
template <class Work>
__device__ inline void each_row(const Input& input, const Work& work) {
  for (U32 r = blockIdx.y; r < input.row_count; r += gridDim.y) work(input.rows[r], r);
}

/// Hands the ordinal of every element of a row to `work`: blocks side by side in x.
template <class Work>
__device__ inline void each_element(U64 elements, const Work& work) {
  const U64 step = static_cast<U64>(gridDim.x) * blockDim.x;
  for (U64 i = static_cast<U64>(blockIdx.x) * blockDim.x + threadIdx.x; i < elements; i += step) work(i);
}

struct alignas(16) Words4 {
  U32 words[4];
};

/// Hands every word of a tensor that is not 0 to `work(its ordinal)`, blocks side by side in x. Most are 0: four at a time
/// are looked at where they lie so.
template <class Work>
__device__ inline void each_word(const U32* words, U64 count, const Work& work) {
  const U64 whole = (reinterpret_cast<U64>(words) & 15) == 0 ? count / 4 : 0;
  each_element(whole, [&](U64 i) {
    const Words4 four = reinterpret_cast<const Words4*>(words)[i];
    for (U32 k = 0; k < 4; ++k) {
      if (four.words[k] != 0) work(4 * i + k);
    }
  });
  each_element(count - 4 * whole, [&](U64 i) {
    if (words[4 * whole + i] != 0) work(4 * whole + i);
  });
}

template <class T>
__device__ inline T* tensor_of(const Target& target, const Row& row) {
  return static_cast<T*>(target.out) + row.out + target.offset;
}

}  // namespace aestream::cuda
