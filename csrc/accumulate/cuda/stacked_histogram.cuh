// Stacked histograms and mixed-density stacks: RVT's two inputs.
#pragma once

#include "cells.cuh"
#include "time_bins.cuh"

namespace aestream::cuda {

/// Where an event counts, or all bits set where the sampling leaves it out.
__device__ inline U64 histogram_element(const HistogramParams& params, const Parts& axis, const DeviceEvent& event) {
  const U32 d = params.downsample, width = params.input.width / d, height = params.input.height / d;
  U32 x = event.x, y = event.y;
  if (d > 1) {
    x = event.x / d, y = event.y / d;
    if (event.x % d != d / 2 || event.y % d != d / 2 || x >= width || y >= height) return ~0ULL;
  }
  const U64 plane = static_cast<U64>(event.on) * params.bins + axis.bin(event.t);
  return (plane * height + y) * width + x;
}

extern "C" __global__ void histogram_bytes(const HistogramParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    U8* const tensor = tensor_of<U8>(params.target, row);
    const Parts axis(row, params.bins);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      const U64 at = histogram_element(params, axis, event);
      if (at != ~0ULL) add_saturating(tensor + at, params.cutoff, params.again + r);
    });
  });
}

extern "C" __global__ void __launch_bounds__(1024, 1) histogram_bytes_again(const HistogramParams params) {
  again_one_by_one(params.input, params.target, params.again,
                   [&](U8* tensor, const DeviceEvent& event, const Row& row) {
                     const U64 at = histogram_element(params, Parts(row, params.bins), event);
                     if (at != ~0ULL) add_one_by_one(tensor + at, params.cutoff);
                   });
}

extern "C" __global__ void __launch_bounds__(1024, 1) histogram_shared(const HistogramParams params) {
  in_shared(
      params.input, params.target.elements, params.target.elements,
      [&](U32* cells, const DeviceEvent& event, I64, const Row& row, U32) {
        const U64 at = histogram_element(params, Parts(row, params.bins), event);
        if (at != ~0ULL) atomicAdd(cells + at, 1U);
      },
      [&](const U32* cells, U64 i, const Row& row, U32) {
        tensor_of<U8>(params.target, row)[i] = static_cast<U8>(cells[i] < params.cutoff ? cells[i] : params.cutoff);
      });
}

/// RVT's bin of a time, in the float32 that it computes with; a logarithm in double, rounded, is the nearest float32.
__device__ inline U32 mixed_bin(U64 age, U64 length, U32 bins) {
  float part = static_cast<float>(age) / static_cast<float>(length);
  const float least = 1e-6F, most = static_cast<float>(1 - 1e-6);
  part = part < least ? least : part > most ? most : part;
  const float half = static_cast<float>(log(0.5));
  const float position = static_cast<float>(bins) - static_cast<float>(log(static_cast<double>(part))) / half;
  if (!(position > 0)) return 0;
  const U32 bin = static_cast<U32>(position);
  return bin < bins ? bin : bins - 1;
}

/// The first time of every bin of every row.
extern "C" __global__ void mixed_edges(const MixedParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    U64 length = static_cast<U64>(row.stop) - static_cast<U64>(row.start);
    if (length == 0) length = 1;
    each_element(params.bins, [&](U64 b) {
      U64 low = 0, high = b == 0 ? 0 : length + 1;
      while (low < high) {
        const U64 middle = low + (high - low) / 2;
        if (mixed_bin(middle, length, params.bins) >= b) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      params.edges[r * params.bins + b] = low;
    });
  });
}

__device__ inline U64 mixed_element(const MixedParams& params, const U64* edges, const Row& row,
                                    const DeviceEvent& event) {
  const U64 age = since(event.t, row.start);
  U32 low = 0, high = params.bins;  // the bin lies in [low, high)
  while (high - low > 1) {
    const U32 middle = low + (high - low) / 2;
    if (edges[middle] <= age) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (static_cast<U64>(low) * params.input.height + event.y) * params.input.width + event.x;
}

__device__ inline void store_mixed(const MixedParams& params, const I32* cells, U64 pixel, const Row& row) {
  const U64 pixels = static_cast<U64>(params.input.width) * params.input.height;
  signed char* const tensor = tensor_of<signed char>(params.target, row);
  I32 total = 0;
  for (U32 b = 0; b < params.bins; ++b) {
    total += cells[b * pixels + pixel];
    const I32 most = params.cutoff;
    tensor[b * pixels + pixel] = static_cast<signed char>(total > most ? most : total < -most ? -most : total);
  }
}

extern "C" __global__ void mixed_cells(const MixedParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    I32* const cells = reinterpret_cast<I32*>(params.target.cells) + r * params.target.elements;
    const U64* const edges = params.edges + static_cast<U64>(r) * params.bins;
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      atomicAdd(cells + mixed_element(params, edges, row, event), event.on != 0 ? 1 : -1);
    });
  });
}

extern "C" __global__ void mixed_finish(const MixedParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const I32* const cells = reinterpret_cast<const I32*>(params.target.cells) + r * params.target.elements;
    each_element(params.target.elements / params.bins, [&](U64 pixel) { store_mixed(params, cells, pixel, row); });
  });
}

extern "C" __global__ void __launch_bounds__(1024, 1) mixed_shared(const MixedParams params) {
  in_shared(
      params.input, params.target.elements, params.target.elements / params.bins,
      [&](U32* cells, const DeviceEvent& event, I64, const Row& row, U32 r) {
        const U64* const edges = params.edges + static_cast<U64>(r) * params.bins;
        atomicAdd(reinterpret_cast<I32*>(cells) + mixed_element(params, edges, row, event), event.on != 0 ? 1 : -1);
      },
      [&](const U32* cells, U64 pixel, const Row& row, U32) {
        store_mixed(params, reinterpret_cast<const I32*>(cells), pixel, row);
      });
}

}  // namespace aestream::cuda
