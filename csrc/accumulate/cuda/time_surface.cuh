// What the latest event of each pixel says. The latest is the largest of words that begin with the time and, where it
// matters, go on with the event's ordinal and polarity.
#pragma once

#include "cells.cuh"
#include "time_bins.cuh"

namespace aestream::cuda {

constexpr U32 oldest_age = 0x7FFFFFFF;

/// Ages in steps of 2^shift µs: 1 µs in windows of up to 18 minutes.
__device__ inline U32 age_shift(const Row& row) {
  U32 bits = 0;
  for (U64 length = static_cast<U64>(row.stop) - static_cast<U64>(row.start); length != 0; length >>= 1) ++bits;
  return bits > 30 ? bits - 30 : 0;
}

/// Larger for later events, and never 0.
__device__ inline U32 lateness(const Row& row, U32 shift, I64 t) {
  const U64 age = since(row.stop, t) >> shift;
  return oldest_age - static_cast<U32>(age < oldest_age - 1 ? age : oldest_age - 1);
}

__device__ inline U32 surface_plane(const SurfaceParams& params, const DeviceEvent& event) {
  return params.polarity == SurfacePolarity::Split ? event.on : 0;
}

__device__ inline U64 surface_element(const SurfaceParams& params, const DeviceEvent& event) {
  return surface_plane(params, event) * pixels_of(params.input) + pixel_of(params.input, event);
}

__device__ inline float surface_value(const SurfaceParams& params, const Row& row, U32 late, bool is_negative) {
  if (late == 0) return 0;
  const double unit = static_cast<double>(1ULL << age_shift(row)) / params.tau_us;
  const double age = static_cast<double>(oldest_age - late) * unit;
  const double value = params.exponential != 0 ? exp(-age) : age < 1 ? 1 - age : 0.0;
  return static_cast<float>(is_negative ? -value : value);
}

__device__ inline U64 signed_word(const Row& row, U32 late, const DeviceEvent& event, I64 ordinal) {
  return static_cast<U64>(late) << 32 | (static_cast<U64>(ordinal - row.first) & 0x7FFFFFFF) << 1 | event.on;
}

extern "C" __global__ void surface_latest(const SurfaceParams params) {
  each_row(params.input, [&](const Row& row, U32) {
    U32* const tensor = tensor_of<U32>(params.target, row);
    const U32 shift = age_shift(row);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      atomicMax(tensor + surface_element(params, event), lateness(row, shift, event.t));
    });
  });
}

extern "C" __global__ void surface_finish(const SurfaceParams params) {
  each_row(params.input, [&](const Row& row, U32) {
    U32* const tensor = tensor_of<U32>(params.target, row);
    each_element(params.target.elements, [&](U64 i) {
      const U32 late = tensor[i];
      if (late != 0) tensor[i] = __float_as_uint(surface_value(params, row, late, false));
    });
  });
}

extern "C" __global__ void surface_latest_signed(const SurfaceParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    U64* const cells = reinterpret_cast<U64*>(params.target.cells) + r * params.target.elements;
    const U32 shift = age_shift(row);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64 i) {
      atomicMax(cells + surface_element(params, event), signed_word(row, lateness(row, shift, event.t), event, i));
    });
  });
}

extern "C" __global__ void surface_finish_signed(const SurfaceParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const U64* const cells = reinterpret_cast<const U64*>(params.target.cells) + r * params.target.elements;
    float* const tensor = tensor_of<float>(params.target, row);
    each_element(params.target.elements, [&](U64 i) {
      tensor[i] = surface_value(params, row, static_cast<U32>(cells[i] >> 32), (cells[i] & 1) == 0);
    });
  });
}

extern "C" __global__ void __launch_bounds__(1024) surface_tiles(const SurfaceParams params) {
  const bool is_signed = params.polarity == SurfacePolarity::Signed;
  const U64 pixels = pixels_of(params.input);
  const U32 planes = static_cast<U32>(params.target.elements / pixels);
  in_tiles(
      params.input, pixels, params.target.tile, planes * params.target.tile * (is_signed ? 2 : 1),
      [&](const DeviceEvent& event) { return pixel_of(params.input, event); },
      [&](U32* cells, const Tile& tile, U64 pixel, const DeviceEvent& event, I64 i, const Row& row, U32) {
        const U32 late = lateness(row, age_shift(row), event.t);
        const U64 at = tile.at(surface_plane(params, event), pixel);
        if (is_signed) {
          atomicMax(reinterpret_cast<U64*>(cells) + at, signed_word(row, late, event, i));
        } else {
          atomicMax(cells + at, late);
        }
      },
      [&](const U32* cells, const Tile& tile, U64 end, const Row& row, U32) {
        float* const tensor = tensor_of<float>(params.target, row);
        each_pixel(tile, end, planes, [&](U32 plane, U64 pixel) {
          const U64 at = tile.at(plane, pixel);
          const U64 word = is_signed ? reinterpret_cast<const U64*>(cells)[at] : static_cast<U64>(cells[at]) << 32 | 1;
          tensor[plane * pixels + pixel] = surface_value(params, row, static_cast<U32>(word >> 32), (word & 1) == 0);
        });
      });
}

/// int64, cleared to -1: the largest time. A time below 0 takes the place of -1, which means none.
extern "C" __global__ void latest_time(const LatestParams params) {
  each_row(params.input, [&](const Row& row, U32) {
    I64* const tensor = tensor_of<I64>(params.target, row);
    const U64 to_on = params.split != 0 ? pixels_of(params.input) : 0;
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      I64* const latest = tensor + pixel_of(params.input, event) + event.on * to_on;
      if (event.t >= 0) {
        atomicMax(latest, event.t);
        return;
      }
      U64* const word = reinterpret_cast<U64*>(latest);
      U64 seen = atomicCAS(word, ~0ULL, static_cast<U64>(event.t));
      while (seen != ~0ULL && static_cast<I64>(seen) < event.t) {
        const U64 before = atomicCAS(word, seen, static_cast<U64>(event.t));
        if (before == seen) return;
        seen = before;
      }
    });
  });
}

}  // namespace aestream::cuda
