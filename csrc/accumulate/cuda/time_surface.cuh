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

__device__ inline U64 surface_pixel(const SurfaceParams& params, const DeviceEvent& event) {
  const U64 pixels = static_cast<U64>(params.input.width) * params.input.height;
  return static_cast<U64>(event.y) * params.input.width + event.x +
         (params.polarity == SurfacePolarity::Split && event.on != 0 ? pixels : 0);
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
      atomicMax(tensor + surface_pixel(params, event), lateness(row, shift, event.t));
    });
  });
}

extern "C" __global__ void surface_finish(const SurfaceParams params) {
  each_row(params.input, [&](const Row& row, U32) {
    U32* const tensor = tensor_of<U32>(params.target, row);
    each_word(tensor, params.target.elements,
              [&](U64 i) { tensor[i] = __float_as_uint(surface_value(params, row, tensor[i], false)); });
  });
}

extern "C" __global__ void surface_latest_signed(const SurfaceParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    U64* const cells = reinterpret_cast<U64*>(params.target.cells) + r * params.target.elements;
    const U32 shift = age_shift(row);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64 i) {
      atomicMax(cells + surface_pixel(params, event), signed_word(row, lateness(row, shift, event.t), event, i));
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

extern "C" __global__ void __launch_bounds__(1024, 1) surface_shared(const SurfaceParams params) {
  const bool is_signed = params.polarity == SurfacePolarity::Signed;
  in_shared<1>(
      params.input, params.target.elements * (is_signed ? 2 : 1), params.target.elements,
      [&](U32* cells, const DeviceEvent& event, I64 i, const Row& row, U32) {
        const U32 late = lateness(row, age_shift(row), event.t);
        const U64 pixel = surface_pixel(params, event);
        if (is_signed) {
          atomicMax(reinterpret_cast<U64*>(cells) + pixel, signed_word(row, late, event, i));
        } else {
          atomicMax(cells + pixel, late);
        }
      },
      [&](const U32* cells, U64 i, const Row& row, U32) {
        const U64 word = is_signed ? reinterpret_cast<const U64*>(cells)[i] : static_cast<U64>(cells[i]) << 32 | 1;
        tensor_of<float>(params.target, row)[i] =
            surface_value(params, row, static_cast<U32>(word >> 32), (word & 1) == 0);
      });
}

/// int64, cleared to -1: the largest time. A time below 0 takes the place of -1, which means none.
extern "C" __global__ void latest_time(const LatestParams params) {
  each_row(params.input, [&](const Row& row, U32) {
    I64* const tensor = tensor_of<I64>(params.target, row);
    const U64 pixels = static_cast<U64>(params.input.width) * params.input.height;
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      I64* const latest = tensor + static_cast<U64>(event.y) * params.input.width + event.x +
                          (params.split != 0 && event.on != 0 ? pixels : 0);
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
