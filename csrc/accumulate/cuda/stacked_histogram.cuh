// Stacked histograms and mixed-density stacks: RVT's two inputs.
#pragma once

#include "cells.cuh"
#include "time_bins.cuh"

namespace aestream::cuda {

__device__ inline U64 histogram_pixels(const HistogramParams& params) {
  const U32 d = params.downsample;
  return static_cast<U64>(params.input.width / d) * (params.input.height / d);
}

/// Where an event lies in the tensor's planes, or all bits set where the sampling leaves it out.
__device__ inline U64 histogram_pixel(const HistogramParams& params, const DeviceEvent& event) {
  const U32 d = params.downsample;
  if (d == 1) return pixel_of(params.input, event);
  const U32 x = event.x / d, y = event.y / d, width = params.input.width / d, height = params.input.height / d;
  if (event.x % d != d / 2 || event.y % d != d / 2 || x >= width || y >= height) return ~0ULL;
  return static_cast<U64>(y) * width + x;
}

__device__ inline U64 histogram_plane(const HistogramParams& params, const Row& row, const DeviceEvent& event) {
  const U64 length = static_cast<U64>(row.stop) - static_cast<U64>(row.start);
  return event.on * params.bins + bin_of(since(event.t, row.start), length > 0 ? length : 1, params.bins);
}

/// Where an event counts, or all bits set.
__device__ inline U64 histogram_element(const HistogramParams& params, const Row& row, const DeviceEvent& event) {
  const U64 pixel = histogram_pixel(params, event);
  return pixel == ~0ULL ? pixel : histogram_plane(params, row, event) * histogram_pixels(params) + pixel;
}

extern "C" __global__ void histogram_bytes(const HistogramParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    U8* const tensor = tensor_of<U8>(params.target, row);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      const U64 at = histogram_element(params, row, event);
      if (at != ~0ULL) add_saturating(tensor + at, params.cutoff, params.again + r);
    });
  });
}

extern "C" __global__ void histogram_bytes_again(const HistogramParams params) {
  again_one_by_one(params.input, params.target, params.again,
                   [&](U8* tensor, const DeviceEvent& event, const Row& row) {
                     const U64 at = histogram_element(params, row, event);
                     if (at != ~0ULL) add_one_by_one(tensor + at, params.cutoff);
                   });
}

extern "C" __global__ void __launch_bounds__(1024) histogram_tiles(const HistogramParams params) {
  const U64 pixels = histogram_pixels(params), words = 2 * params.bins * params.target.tile;
  in_tiles<2>(
      params.input, pixels, params.target.tile, params.byte_tiles != 0 ? words / 4 : words,
      [&](const DeviceEvent& event) { return histogram_pixel(params, event); },
      [&](U32* cells, const Tile& tile, U64 pixel, const DeviceEvent& event, I64, const Row& row, U32 r) {
        const U64 at = tile.at(histogram_plane(params, row, event), pixel);
        if (params.byte_tiles != 0) {
          add_saturating(reinterpret_cast<U8*>(cells) + at, params.cutoff, params.again + r);
        } else {
          atomicAdd(cells + at, 1U);
        }
      },
      [&](const U32* cells, const Tile& tile, U64 end, const Row& row, U32) {
        U8* const tensor = tensor_of<U8>(params.target, row);
        if (params.byte_tiles != 0) {
          store_bytes(cells, tile, end, 2 * params.bins, pixels, tensor);
          return;
        }
        each_pixel(tile, end, 2 * params.bins, [&](U32 plane, U64 pixel) {
          const U32 count = cells[tile.at(plane, pixel)];
          tensor[plane * pixels + pixel] = static_cast<U8>(count < params.cutoff ? count : params.cutoff);
        });
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

__device__ inline U32 mixed_plane(const MixedParams& params, const U64* edges, const Row& row,
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
  return low;
}

/// Writes a pixel of all bins: each is the sum of those before it and its own.
__device__ inline void store_mixed(const MixedParams& params, const I32* cells, const Tile& tile, U64 pixel,
                                   const Row& row) {
  signed char* const tensor = tensor_of<signed char>(params.target, row);
  I32 total = 0;
  for (U32 b = 0; b < params.bins; ++b) {
    total += cells[tile.at(b, pixel)];
    const I32 most = params.cutoff;
    tensor[b * pixels_of(params.input) + pixel] = static_cast<signed char>(total > most    ? most
                                                                           : total < -most ? -most
                                                                                           : total);
  }
}

extern "C" __global__ void mixed_cells(const MixedParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    I32* const cells = reinterpret_cast<I32*>(params.target.cells) + r * params.target.elements;
    const U64* const edges = params.edges + static_cast<U64>(r) * params.bins;
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      const U64 plane = mixed_plane(params, edges, row, event);
      atomicAdd(cells + plane * pixels_of(params.input) + pixel_of(params.input, event), event.on != 0 ? 1 : -1);
    });
  });
}

extern "C" __global__ void mixed_finish(const MixedParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const I32* const cells = reinterpret_cast<const I32*>(params.target.cells) + r * params.target.elements;
    const Tile whole{0, pixels_of(params.input)};
    each_element(whole.room, [&](U64 pixel) { store_mixed(params, cells, whole, pixel, row); });
  });
}

extern "C" __global__ void __launch_bounds__(1024) mixed_tiles(const MixedParams params) {
  in_tiles(
      params.input, pixels_of(params.input), params.target.tile, params.bins * params.target.tile,
      [&](const DeviceEvent& event) { return pixel_of(params.input, event); },
      [&](U32* cells, const Tile& tile, U64 pixel, const DeviceEvent& event, I64, const Row& row, U32 r) {
        const U64* const edges = params.edges + static_cast<U64>(r) * params.bins;
        const U64 at = tile.at(mixed_plane(params, edges, row, event), pixel);
        atomicAdd(reinterpret_cast<I32*>(cells) + at, event.on != 0 ? 1 : -1);
      },
      [&](const U32* cells, const Tile& tile, U64 end, const Row& row, U32) {
        each_pixel(tile, end, 1,
                   [&](U32, U64 pixel) { store_mixed(params, reinterpret_cast<const I32*>(cells), tile, pixel, row); });
      });
}

}  // namespace aestream::cuda
