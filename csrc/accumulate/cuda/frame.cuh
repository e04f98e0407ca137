// Frames: how many events each pixel had.
#pragma once

#include "cells.cuh"

namespace aestream::cuda {

__device__ inline U32 frame_plane(const FrameParams& params, const DeviceEvent& event) {
  return params.channels == Channels::Split ? event.on : 0;
}

__device__ inline U64 frame_element(const FrameParams& params, const DeviceEvent& event) {
  return frame_plane(params, event) * pixels_of(params.input) + pixel_of(params.input, event);
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

extern "C" __global__ void frame_bytes_again(const FrameParams params) {
  again_one_by_one(params.input, params.target, params.again, [&](U8* tensor, const DeviceEvent& event, const Row&) {
    add_one_by_one(tensor + frame_element(params, event), params.clip);
  });
}

extern "C" __global__ void __launch_bounds__(1024) frame_tiles(const FrameParams params) {
  const U64 pixels = pixels_of(params.input), words = params.target.tile * (params.target.elements / pixels);
  const U32 planes = static_cast<U32>(params.target.elements / pixels);
  in_tiles(
      params.input, pixels, params.target.tile, params.byte_tiles != 0 ? words / 4 : words,
      [&](const DeviceEvent& event) { return pixel_of(params.input, event); },
      [&](U32* cells, const Tile& tile, U64 pixel, const DeviceEvent& event, I64, const Row&, U32 r) {
        const U64 at = tile.at(frame_plane(params, event), pixel);
        if (params.byte_tiles != 0) {
          add_saturating(reinterpret_cast<U8*>(cells) + at, params.clip, params.again + r);
        } else {
          atomicAdd(reinterpret_cast<I32*>(cells) + at, frame_step(params, event));
        }
      },
      [&](const U32* cells, const Tile& tile, U64 end, const Row& row, U32) {
        if (params.byte_tiles != 0) {
          store_bytes(cells, tile, end, planes, pixels, tensor_of<U8>(params.target, row));
          return;
        }
        each_pixel(tile, end, planes, [&](U32 plane, U64 pixel) {
          const U32 count = cells[tile.at(plane, pixel)];
          const U64 i = plane * pixels + pixel;
          if (params.counts == Counts::UInt8) {
            tensor_of<U8>(params.target, row)[i] = static_cast<U8>(count < params.clip ? count : params.clip);
          } else {
            store_count(params, static_cast<I32>(count), i, row);
          }
        });
      });
}

}  // namespace aestream::cuda
