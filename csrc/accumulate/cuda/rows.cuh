// Windows into parts, and the time span of their events: where Steps, and axes from event to event, come from.
#pragma once

#include "time_bins.cuh"

namespace aestream::cuda {

/// Every part of every row, with no event before the row's last one unless it is the first part.
extern "C" __global__ void split_begin(const SplitParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const U64 count = static_cast<U64>(row.last - row.first);
    const U64 length = static_cast<U64>(row.stop) - static_cast<U64>(row.start);
    each_element(params.steps, [&](U64 j) {
      Row part = row;
      part.out = row.out + params.offset + static_cast<I64>(j * params.elements);
      if (params.by_time != 0) {
        part.first = j == 0 ? row.first : row.last;
        part.start = static_cast<I64>(static_cast<U64>(row.start) + edge_of(length, j, params.steps));
        part.stop = static_cast<I64>(static_cast<U64>(row.start) + edge_of(length, j + 1, params.steps));
      } else {
        part.first = row.first + static_cast<I64>(edge_of(count, j, params.steps));
        part.last = row.first + static_cast<I64>(edge_of(count, j + 1, params.steps));
      }
      params.parts[static_cast<U64>(r) * params.steps + j] = part;
    });
  });
}

/// A part begins with the first event that its time has come for, and those after it belong to it however early they are:
/// the first is one of those whose time lies in a later part than that of the event before.
extern "C" __global__ void split_find(const SplitParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    Row* const parts = params.parts + static_cast<U64>(r) * params.steps;
    const Parts axis(row, params.steps);
    const I64 step = static_cast<I64>(gridDim.x) * blockDim.x;
    for (I64 i = row.first + static_cast<I64>(blockIdx.x) * blockDim.x + threadIdx.x; i < row.last; i += step) {
      const U32 before = i == row.first ? 0 : axis.part(load_time(params.input, row, i - 1));
      const U32 part = axis.part(load_time(params.input, row, i));
      for (U32 j = before + 1; j <= part; ++j) {
        atomicMin(reinterpret_cast<U64*>(&parts[j].first), static_cast<U64>(i));
      }
    }
  });
}

extern "C" __global__ void split_end(const SplitParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    Row* const parts = params.parts + static_cast<U64>(r) * params.steps;
    each_element(params.steps, [&](U64 j) { parts[j].last = j + 1 < params.steps ? parts[j + 1].first : row.last; });
  });
}

/// Starts an axis from a row's first event on. A row without events has none.
extern "C" __global__ void span_begin(const SpanParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    if (blockIdx.x != 0 || threadIdx.x != 0) return;
    const I64 first = row.first < row.last ? load_time(params.input, row, row.first) : 0;
    Row spanned = row;
    spanned.start = first;
    spanned.stop = first;
    params.rows[r] = spanned;
  });
}

extern "C" __global__ void span_latest(const SpanParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const I64 step = static_cast<I64>(gridDim.x) * blockDim.x, begin = row.first;
    I64 latest = params.rows[r].start;
    for (I64 i = begin + static_cast<I64>(blockIdx.x) * blockDim.x + threadIdx.x; i < row.last; i += step) {
      const I64 t = load_time(params.input, row, i);
      latest = t > latest ? t : latest;
    }
    if (latest > params.rows[r].start) atomicMax(&params.rows[r].stop, latest);
  });
}

extern "C" __global__ void span_end(const SpanParams params) {
  each_row(params.input, [&](const Row& row, U32 r) {
    const bool is_empty = row.first >= row.last;
    if (blockIdx.x == 0 && threadIdx.x == 0 && !is_empty && params.rows[r].stop != 0x7FFFFFFFFFFFFFFF) {
      params.rows[r].stop += params.after;
    }
  });
}

}  // namespace aestream::cuda
