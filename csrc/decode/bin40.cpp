// Rows of five bytes, big-endian. A row with y = 240 is no event: it moves all later ones by 8192 microseconds.
#include "decode/bin40.hpp"

#include <algorithm>

#include "decode/event_lanes.hpp"

namespace aestream {
namespace {

constexpr std::size_t row_size = 5;
constexpr std::uint32_t overflow_y = 240;
constexpr std::size_t one_by_one = 16;  // rows around an overflow

struct Row {
  std::uint32_t x, y, p, t;
};

inline Row load_row(const std::uint8_t* in) {
  const std::uint32_t head = load_le32(in);
  return {bits(head, 0, 8), bits(head, 8, 8), bits(head, 23, 1),
          bits(head, 16, 7) << 16 | bits(head, 24, 8) << 8 | in[4]};
}

#if defined(__x86_64__)
AESTREAM_AVX2 std::size_t decode_groups(const std::uint8_t* in, std::size_t rows, std::int64_t wrapped, Event* out) {
  constexpr std::size_t group = 8, read_beyond = 2;  // 16 bytes are read for the two rows of a register
  // clang-format off
  const __m256i order = _mm256_setr_epi8(4, 3, 2, -1, -1, -1, -1, -1, 0, -1, 1, -1, 2, -1, -1, -1,
                                         9, 8, 7, -1, -1, -1, -1, -1, 5, -1, 6, -1, 7, -1, -1, -1);
  // clang-format on
  constexpr std::int64_t time_bits = ~0x800000LL, other_bits = ~(0x7FLL << 32), polarity_1 = ~(0xFELL << 32),
                         y = 0xFFFF0000;
  const __m256i used = _mm256_setr_epi64x(time_bits, other_bits, time_bits, other_bits);
  const __m256i most = _mm256_setr_epi64x(-1, polarity_1, -1, polarity_1);  // of a byte that is 0 or 0x80
  const __m256i base = _mm256_setr_epi64x(wrapped, 0, wrapped, 0);
  const __m256i overflow = _mm256_set1_epi16(overflow_y), y_lanes = _mm256_setr_epi64x(0, y, 0, y);
  std::size_t i = 0;
  for (; i + group + read_beyond <= rows; i += group) {
    __m256i is_overflow = _mm256_setzero_si256();
    for (std::size_t k = 0; k < group; k += 2) {
      const auto* const from = reinterpret_cast<const __m128i*>(in + (i + k) * row_size);
      const __m256i bytes = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(from)), order);
      const __m256i fields = _mm256_min_epu8(_mm256_and_si256(bytes, used), most);
      is_overflow = _mm256_or_si256(is_overflow, _mm256_cmpeq_epi16(fields, overflow));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i + k), _mm256_add_epi64(fields, base));
    }
    if (_mm256_testz_si256(is_overflow, y_lanes) == 0) break;
  }
  return i;
}
#endif

/// The events of rows up to the first overflow or the last rows, about. Returns how many.
std::size_t decode_lanes([[maybe_unused]] const std::uint8_t* in, [[maybe_unused]] std::size_t rows,
                         [[maybe_unused]] std::int64_t wrapped, [[maybe_unused]] Event* out) {
#if defined(__x86_64__)
  static const bool can = lanes::are_there();
  if (can) return decode_groups(in, rows, wrapped, out);
#endif
  return 0;
}

}  // namespace

/// Every row writes an event, but an overflow's is overwritten.
Progress Bin40Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  const std::size_t rows = bytes.size() / row_size;
  std::int64_t wrapped = state.wraps * wrap_period();
  std::size_t i = 0, n = 0;
  while (i < rows && n < out.size()) {
    const std::size_t quick = decode_lanes(&bytes[i * row_size], std::min(rows - i, out.size() - n), wrapped, &out[n]);
    i += quick;
    n += quick;
    for (const std::size_t stop = std::min(i + one_by_one, rows); i < stop && n < out.size(); ++i) {
      const Row row = load_row(&bytes[i * row_size]);
      const bool is_overflow = row.y == overflow_y;
      store_event(&out[n], wrapped + row.t, row.x, row.y, row.p);
      n += !is_overflow;
      wrapped += is_overflow ? wrap_period() : 0;
    }
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
