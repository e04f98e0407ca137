// Frames: how many events each pixel had.
#pragma once

#include "cells.cuh"

namespace aestream::cuda {

__device__ inline U64 frame_element(const FrameParams& params, const DeviceEvent& event) {
  const U64 pixels = static_cast<U64>(params.input.width) * params.input.height;
  const U64 pixel = static_cast<U64>(event.y) * params.input.width + event.x;
  return pixel + (params.channels == Channels::Split && event.on != 0 ? pixels : 0);
}

__device__ inline I32 frame_step(const FrameParams& params, const DeviceEvent& event) {
  return params.channels == Channels::Difference && event.on == 0 ? -1 : 1;
}

__device__ inline U16 to_half(float value) {
  const U32 word = __float_as_uint(value), sign = word >> 16 & 0x8000, magnitude = word & 0x7FFFFFFF;
  if (magnitude == 0) return static_cast<U16>(sign);
  if (magnitude >= 0x477FF000) return static_cast<U16>(sign | 0x7C00);
  const U32 rebased = magnitude - (112U << 23);
  return static_cast<U16>(sign | (rebased + 0xFFF + (rebased >> 13 & 1)) >> 13);
}

__device__ inline U16 to_brain(float value) {
  const U32 word = __float_as_uint(value);
  return static_cast<U16>((word + 0x7FFF + (word >> 16 & 1)) >> 16);
}

/// Writes one element. float32 stays at 2^24 on the CPU, where 1 more makes no difference.
__device__ inline void store_count(const FrameParams& params, I32 count, U64 i, const Row& row) {
  const I32 most = params.clip == 0 || params.clip > (1U << 24) ? 1 << 24 : static_cast<I32>(params.clip);
  const float value = static_cast<float>(count > most ? most : count < -most ? -most : count);
  switch (params.counts) {
    case Counts::Float32: tensor_of<float>(params.target, row)[i] = value; break;
    case Counts::Float16: tensor_of<U16>(params.target, row)[i] = to_half(value); break;
    default: tensor_of<U16>(params.target, row)[i] = to_brain(value); break;
  }
}

/// float32 without a clip: added up in the tensor itself, where whole numbers are exact in any order.
extern "C" __global__ void frame_float(const FrameParams params) {
  each_row(params.input, [&](const Row& row, U32) {
    float* const tensor = tensor_of<float>(params.target, row);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      atomicAdd(tensor + frame_element(params, event), static_cast<float>(frame_step(params, event)));
    });
  });
}

extern "C" __global__ void frame_cells(const FrameParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    I32* const cells = reinterpret_cast<I32*>(params.target.cells) + r * params.target.elements;
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      atomicAdd(cells + frame_element(params, event), frame_step(params, event));
    });
  });
}

extern "C" __global__ void frame_finish(const FrameParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const I32* const cells = reinterpret_cast<const I32*>(params.target.cells) + r * params.target.elements;
    each_element(params.target.elements, [&](U64 i) { store_count(params, cells[i], i, row); });
  });
}

extern "C" __global__ void frame_bytes(const FrameParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    U8* const tensor = tensor_of<U8>(params.target, row);
    each_event(params.input, row, blockIdx.x, gridDim.x, [&](const DeviceEvent& event, I64) {
      add_saturating(tensor + frame_element(params, event), params.clip, params.again + r);
    });
  });
}

extern "C" __global__ void __launch_bounds__(1024, 1) frame_bytes_again(const FrameParams params) {
  again_one_by_one(params.input, params.target, params.again, [&](U8* tensor, const DeviceEvent& event, const Row&) {
    add_one_by_one(tensor + frame_element(params, event), params.clip);
  });
}

extern "C" __global__ void __launch_bounds__(1024, 1) frame_shared(const FrameParams params) {
  in_shared(
      params.input, params.target.elements, params.target.elements,
      [&](U32* cells, const DeviceEvent& event, I64, const Row&, U32) {
        atomicAdd(reinterpret_cast<I32*>(cells) + frame_element(params, event), frame_step(params, event));
      },
      [&](const U32* cells, U64 i, const Row& row, U32) {
        if (params.counts == Counts::UInt8) {
          tensor_of<U8>(params.target, row)[i] = static_cast<U8>(cells[i] < params.clip ? cells[i] : params.clip);
        } else {
          store_count(params, static_cast<I32>(cells[i]), i, row);
        }
      });
}

}  // namespace aestream::cuda
