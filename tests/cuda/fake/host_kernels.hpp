// The kernels, compiled for the host: grid, blocks, shared memory and atomics are played by a few real threads.
#pragma once

#include <atomic>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#define AESTREAM_ON_HOST
#define __global__
#define __device__
#define __launch_bounds__(...)

struct Index3 {
  unsigned x = 0, y = 0, z = 0;
};

inline thread_local Index3 threadIdx, blockIdx, blockDim, gridDim;
inline thread_local std::barrier<>* block_barrier = nullptr;

namespace aestream::cuda {
inline thread_local unsigned* shared_cells = nullptr;
}

inline void __syncthreads() { block_barrier->arrive_and_wait(); }
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }

template <class T>
T atomicAdd(T* at, T value) {
  return std::atomic_ref<T>(*at).fetch_add(value);
}
template <class T>
T atomicOr(T* at, T value) {
  return std::atomic_ref<T>(*at).fetch_or(value);
}
template <class T>
T atomicCAS(T* at, T expected, T value) {
  std::atomic_ref<T>(*at).compare_exchange_strong(expected, value);
  return expected;
}
template <class T>
T atomicMax(T* at, T value) {
  std::atomic_ref<T> place(*at);
  T seen = place.load();
  while (seen < value && !place.compare_exchange_weak(seen, value)) {
  }
  return seen;
}
template <class T>
T atomicMin(T* at, T value) {
  std::atomic_ref<T> place(*at);
  T seen = place.load();
  while (value < seen && !place.compare_exchange_weak(seen, value)) {
  }
  return seen;
}

#include "kernels.cuh"

/// Runs a kernel. Kernels work with any grid and any block: few of both are enough here.
template <class Params>
void run_on_host(void (*kernel)(Params), const void* params, Index3 grid, unsigned threads, std::size_t shared_bytes) {
  const Index3 blocks{grid.x < 3 ? grid.x : 3, grid.y < 3 ? grid.y : 3, 1};
  const unsigned count = threads < 4 ? threads : 4;
  std::vector<std::uint64_t> shared(shared_bytes / 8 + 1, 0x5A5A5A5A5A5A5A5A);
  std::barrier<> barrier(count);
  const auto work = [&](unsigned thread) {
    block_barrier = &barrier;
    aestream::cuda::shared_cells = reinterpret_cast<unsigned*>(shared.data());
    threadIdx = {thread, 0, 0};
    blockDim = {count, 1, 1};
    gridDim = blocks;
    for (unsigned y = 0; y < blocks.y; ++y) {
      for (unsigned x = 0; x < blocks.x; ++x) {
        blockIdx = {x, y, 0};
        kernel(*static_cast<const Params*>(params));
        barrier.arrive_and_wait();
      }
    }
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < count; ++thread) others.emplace_back(work, thread);
  work(0);
  for (std::thread& other : others) other.join();
}
