// Rows of five bytes, big-endian. A row with y = 240 is no event: it moves all later ones by 8192 microseconds.
#include "decode/bin40.hpp"

#include <algorithm>

namespace aestream {
namespace {

constexpr std::size_t row_size = 5;
constexpr std::uint32_t overflow_y = 240;

struct Row {
  std::uint32_t x, y, p, t;
};

inline Row load_row(const std::uint8_t* in) {
  const std::uint32_t head = load_le32(in);
  return {bits(head, 0, 8), bits(head, 8, 8), bits(head, 23, 1),
          bits(head, 16, 7) << 16 | bits(head, 24, 8) << 8 | in[4]};
}

}  // namespace

/// Every row writes an event, but an overflow's is overwritten.
Progress Bin40Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  const std::size_t rows = bytes.size() / row_size;
  std::int64_t wrapped = state.wraps * wrap_period();
  std::size_t i = 0, n = 0;
  for (; i < rows && n < out.size(); ++i) {
    const Row row = load_row(&bytes[i * row_size]);
    const bool is_overflow = row.y == overflow_y;
    store_event(&out[n], wrapped + row.t, row.x, row.y, row.p);
    n += !is_overflow;
    wrapped += is_overflow ? wrap_period() : 0;
  }
  state.wraps = wrapped / wrap_period();
  return {i * row_size, n};
}

Scan Bin40Decoder::scan(ByteSpan bytes, State& state, bool) const {
  const std::size_t rows = bytes.size() / row_size;
  Scan result{rows * row_size, rows, no_time};
  std::int64_t wrapped = state.wraps * wrap_period();
  for (std::size_t i = 0; i < rows; ++i) {
    const Row row = load_row(&bytes[i * row_size]);
    if (row.y == overflow_y) [[unlikely]] {
      wrapped += wrap_period();
      --result.events;
    } else {
      result.time_bound = std::max(result.time_bound, wrapped + row.t);
    }
  }
  state.wraps = wrapped / wrap_period();
  return result;
}

std::size_t Bin40Decoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + row_size - 1) / row_size * row_size, payload.size());
}

bool looks_like_bin40(ByteSpan file) {
  constexpr std::size_t sample = 1024,
                        rows_per_fall = 16;  // real files step back by chance, other bytes every other row
  const std::size_t rows = std::min(file.size() / row_size, sample);
  if (rows == 0) return file.empty();
  std::size_t falls = 0;
  std::uint32_t before = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const Row row = load_row(&file[i * row_size]);
    falls += row.t < before && row.y != overflow_y;
    before = row.y == overflow_y ? 0 : row.t;
  }
  return falls <= rows / rows_per_fall;
}

}  // namespace aestream
