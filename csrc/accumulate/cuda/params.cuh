// What a launch tells a kernel: plain structs, which the host fills and passes by value.
#pragma once

namespace aestream::cuda {

using I32 = int;
using I64 = long long;
using U8 = unsigned char;
using U16 = unsigned short;
using U32 = unsigned int;
using U64 = unsigned long long;

enum class Layout : U32 {
  Packed,   // 8 bytes: µs after the row's base, x, y and polarity in 32, 14, 14 and 1 bits; not drawn if bit 63 is 1
  Records,  // 16 bytes: the core's Event
  Columns   // arrays of t, x, y and polarity
};

struct Source {
  Layout layout;
  const void* t;  // or of all
  const void* x;
  const void* y;
  const void* p;
};

/// A window, or a part of one.
struct Row {
  I64 first, last;  // half-open ordinals of its events
  I64 base;         // of packed times
  I64 start, stop;  // its axis, µs
  I64 out;          // where its tensor begins, in elements
};

/// One axis of a map's result: (sign * value + offset) / divisor of a value in [begin, end).
struct AxisMap {
  I64 sign, offset, divisor;
  I64 begin, end;
};

/// A map of coordinates. Events that it drops, or that lie outside, are not drawn.
struct Map {
  AxisMap x, y;
  U32 swaps;     // the result's x comes from y
  U32 flips;     // ON becomes OFF
  U32 is_plain;  // nothing becomes of an event
};

/// What every kernel that passes over events gets.
struct Input {
  Source source;
  Map map;
  const Row* rows;
  U32 row_count;
  U32 width, height;  // of the sensor that is drawn
};

/// Where tensors and what they are counted in lie. Without cells, tensors are counted in as they lie.
struct Target {
  void* out;
  I64 offset;    // from a row's `out`, in elements
  U64 elements;  // of one row
  U32* cells;    // elements times words_per_element for each row
};

enum class Counts : U32 { Float32, Float16, BFloat16, UInt8 };
enum class Channels : U32 { Split, Sum, Difference };

struct FrameParams {
  Input input;
  Target target;
  Channels channels;
  Counts counts;
  U32 clip;    // 0: none
  U32* again;  // of a row: whether a byte overflowed
};

enum class VoxelPolarity : U32 { Signed, Split, Cube };

/// An entry of the table of 32-bit sums that have passed their range.
struct Carry {
  U64 key;  // an element's ordinal, plus 1; 0: free
  U64 carries;
};

struct Moments {
  double count, sum, squares;
};

struct VoxelParams {
  Input input;
  Target target;
  U32 bins;
  U32 centers;
  VoxelPolarity polarity;
  double scale, clip;  // clip 0: none
  double floor;        // of the voxels that count in mean and deviation; below 0: no normalization
  Carry* carries;
  U64 capacity;  // a power of two
  U32* has_carries;
  Moments* moments;  // of a row: one for each block
};

struct HistogramParams {
  Input input;
  Target target;
  U32 bins;
  U32 cutoff;
  U32 downsample;
  U32* again;
};

struct MixedParams {
  Input input;
  Target target;
  U32 bins;
  I32 cutoff;
  U64* edges;  // of a row: the first time of every bin, µs after its start
};

enum class SurfacePolarity : U32 { Split, Signed, Merged };

struct SurfaceParams {
  Input input;
  Target target;
  double tau_us;
  U32 exponential;
  SurfacePolarity polarity;
};

struct LatestParams {
  Input input;
  Target target;
  U32 split;
};

struct SplitParams {
  Input input;
  Row* parts;  // `steps` for each row
  U32 steps;
  U32 by_time;
  I64 offset;    // from a row's `out`, in elements
  U64 elements;  // of one part
};

struct SpanParams {
  Input input;
  Row* rows;  // the same, whose axis is that of their events
  I64 after;  // added to the latest time
};

}  // namespace aestream::cuda
