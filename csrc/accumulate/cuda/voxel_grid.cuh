// Voxel grids, added up in whole steps of 2^-23: the order of threads makes no difference, and no step is coarser than
// float32's. A sum that passes 32 bits leaves what it carries in a small table: 256 events make one entry at most.
#pragma once

#include "cells.cuh"
#include "time_bins.cuh"

namespace aestream::cuda {

constexpr double voxel_steps = 1 << 23;

/// From a time to a position among the bins.
struct VoxelAxis {
  I64 start;
  double per_us, offset, lowest, highest;
};

__device__ inline VoxelAxis voxel_axis(const VoxelParams& params, const Row& row) {
  const double positions = params.centers != 0 ? params.bins : params.bins - 1.0;
  const double length = static_cast<double>(static_cast<U64>(row.stop) - static_cast<U64>(row.start));
  const double offset = params.centers != 0 ? -0.5 : 0.0;
  return {row.start, row.stop > row.start ? positions / length : 0.0, offset, offset, offset + positions};
}

__device__ inline double clamped(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}

__device__ inline U64 slot_of(U64 key) { return key * 0x9E3779B97F4A7C15ULL >> 32; }

/// Adds `steps` to a sum of 32 bits, and what it carries to the table.
__device__ inline void add_steps(const VoxelParams& params, I32* cell, I32 steps, U64 key) {
  const I32 before = atomicAdd(cell, steps);
  const I64 sum = static_cast<I64>(before) + steps;
  if (sum == static_cast<I32>(sum)) return;
  atomicOr(params.has_carries, 1U);
  const U64 home = slot_of(key);
  for (U64 at = home; at < home + params.capacity; ++at) {
    Carry& entry = params.carries[at & (params.capacity - 1)];
    const U64 there = atomicCAS(&entry.key, 0ULL, key + 1);
    if (there != 0 && there != key + 1) continue;
    atomicAdd(&entry.carries, sum > 0 ? 1ULL : ~0ULL);
    return;
  }
}

__device__ inline I64 carried(const VoxelParams& params, U64 key) {
  if (*params.has_carries == 0) return 0;
  const U64 home = slot_of(key);
  for (U64 at = home; at < home + params.capacity; ++at) {
    const Carry& entry = params.carries[at & (params.capacity - 1)];
    if (entry.key == 0) return 0;
    if (entry.key == key + 1) return static_cast<I64>(entry.carries);
  }
  return 0;
}

/// Adds an event to both bins beside it. `first_key` is that of the row's first element.
__device__ inline void add_voxels(const VoxelParams& params, const VoxelAxis& axis, I32* cells, U64 first_key,
                                  const DeviceEvent& event) {
  const U64 pixels = static_cast<U64>(params.input.width) * params.input.height;
  const auto age = static_cast<I64>(static_cast<U64>(event.t) - static_cast<U64>(axis.start));
  double position = clamped(static_cast<double>(age) * axis.per_us + axis.offset, axis.lowest, axis.highest);
  double weight = 1;
  if (params.centers != 0) {
    const double nearest = clamped(position, 0.0, params.bins - 1.0);
    weight = 1 - (position < nearest ? nearest - position : position - nearest);
    position = nearest;
  }
  const I32 last_lower = params.bins > 1 ? static_cast<I32>(params.bins) - 2 : 0;
  I32 bin = static_cast<I32>(position);
  if (bin > last_lower) bin = last_lower;
  I32 both = static_cast<I32>(weight * voxel_steps + 0.5);
  I32 upper = static_cast<I32>((position - bin) * weight * voxel_steps + 0.5);
  I32 lower = both - upper;
  if (params.polarity == VoxelPolarity::Signed && event.on == 0) lower = -lower, upper = -upper;
  const U64 bin_step = params.polarity == VoxelPolarity::Cube ? 2 * pixels : pixels;
  const U64 on_step = params.polarity == VoxelPolarity::Signed  ? 0
                      : params.polarity == VoxelPolarity::Split ? pixels * params.bins
                                                                : pixels;
  const U64 at =
      static_cast<U64>(bin) * bin_step + event.on * on_step + static_cast<U64>(event.y) * params.input.width + event.x;
  if (params.bins == 1) {
    add_steps(params, cells + at, lower + upper, first_key + at);
    return;
  }
  if (lower != 0) add_steps(params, cells + at, lower, first_key + at);
  if (upper != 0) add_steps(params, cells + at + bin_step, upper, first_key + at + bin_step);
}

__device__ inline float voxel_value(const VoxelParams& params, I32 cell, U64 key) {
  const I64 steps = cell + carried(params, key) * (1LL << 32);
  const double value = static_cast<double>(steps) * (params.scale / voxel_steps);
  return static_cast<float>(params.clip > 0 ? clamped(value, -params.clip, params.clip) : value);
}

__device__ inline U64 first_key(const VoxelParams& params, U32 row) { return row * params.target.elements; }

extern "C" __global__ void voxel_add(const VoxelParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const VoxelAxis axis = voxel_axis(params, row);
    I32* const cells = tensor_of<I32>(params.target, row);
    each_event(params.input, row, blockIdx.x, gridDim.x,
               [&](const DeviceEvent& event, I64) { add_voxels(params, axis, cells, first_key(params, r), event); });
  });
}

/// Turns sums into floats, where they lie. A sum of 0 that carries is rare: then all are looked at.
extern "C" __global__ void voxel_finish(const VoxelParams params) {
  const bool has_carries = *params.has_carries != 0;
  each_row(params.input, [&](const Row& row, U32 r) {
    U32* const cells = tensor_of<U32>(params.target, row);
    const auto finish = [&](U64 i) {
      cells[i] = __float_as_uint(voxel_value(params, static_cast<I32>(cells[i]), first_key(params, r) + i));
    };
    if (has_carries) {
      each_element(params.target.elements, finish);
    } else {
      each_word(cells, params.target.elements, finish);
    }
  });
}

extern "C" __global__ void __launch_bounds__(1024, 1) voxel_shared(const VoxelParams params) {
  in_shared(
      params.input, params.target.elements, params.target.elements,
      [&](U32* cells, const DeviceEvent& event, I64, const Row& row, U32 r) {
        add_voxels(params, voxel_axis(params, row), reinterpret_cast<I32*>(cells), first_key(params, r), event);
      },
      [&](const U32* cells, U64 i, const Row& row, U32 r) {
        tensor_of<float>(params.target, row)[i] =
            voxel_value(params, static_cast<I32>(cells[i]), first_key(params, r) + i);
      });
}

// Normalization in three passes: how many voxels count and their sum; squares around the mean; (v - mean) / deviation.
// A block's share and the order in which shares are added are fixed.

/// Hands the voxels that count to `work(ordinal, value)`.
template <class Work>
__device__ inline void each_voxel(const VoxelParams& params, const Row& row, const Work& work) {
  const float* const tensor = tensor_of<float>(params.target, row);
  const float floor = static_cast<float>(params.floor);
  each_word(reinterpret_cast<const U32*>(tensor), params.target.elements, [&](U64 i) {
    const float value = tensor[i];
    if ((value < 0 ? -value : value) > floor) work(i, value);
  });
}

__device__ inline double mean_of(const VoxelParams& params, U32 row, double& count) {
  double sum = 0;
  count = 0;
  for (U32 b = 0; b < gridDim.x; ++b) {
    count += params.moments[row * gridDim.x + b].count;
    sum += params.moments[row * gridDim.x + b].sum;
  }
  return count > 0 ? sum / count : 0.0;
}

/// Adds up what every thread of a block has, in one order.
__device__ inline double block_sum(double mine) {
  double* const all = reinterpret_cast<double*>(shared_cells);
  all[threadIdx.x] = mine;
  __syncthreads();
  double sum = 0;
  if (threadIdx.x == 0) {
    for (U32 i = 0; i < blockDim.x; ++i) sum += all[i];
  }
  __syncthreads();
  return sum;
}

extern "C" __global__ void voxel_sums(const VoxelParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    double count = 0, sum = 0;
    each_voxel(params, row, [&](U64, float value) {
      count += 1;
      sum += static_cast<double>(value);
    });
    count = block_sum(count);
    sum = block_sum(sum);
    if (threadIdx.x == 0) params.moments[r * gridDim.x + blockIdx.x] = {count, sum, 0};
  });
}

extern "C" __global__ void voxel_squares(const VoxelParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    double count = 0, squares = 0;
    const double mean = mean_of(params, r, count);
    each_voxel(params, row, [&](U64, float value) {
      const double off = static_cast<double>(value) - mean;
      squares += off * off;
    });
    squares = block_sum(squares);
    if (threadIdx.x == 0) params.moments[r * gridDim.x + blockIdx.x].squares = squares;
  });
}

extern "C" __global__ void voxel_normalize(const VoxelParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    float* const tensor = tensor_of<float>(params.target, row);
    double count = 0, squares = 0;
    const double mean = mean_of(params, r, count);
    for (U32 b = 0; b < gridDim.x; ++b) squares += params.moments[r * gridDim.x + b].squares;
    const double deviation = count > 1 ? sqrt(squares / (count - 1)) : 0.0;
    const double factor = deviation > 0 ? 1 / deviation : 1.0;
    each_voxel(params, row, [&](U64 i, float value) { tensor[i] = static_cast<float>((value - mean) * factor); });
  });
}

}  // namespace aestream::cuda
