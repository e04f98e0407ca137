// DAT records to events.
#include "decode/dat.hpp"

#include <algorithm>

#include "core/multiversion.hpp"
#include "decode/dat_clock.hpp"

namespace aestream {

using namespace dat;

namespace {

struct DatState {
  std::uint32_t last_time = 0;  // t of the record before, without wraps
};

template <int version>
inline void store_record(Event* out, std::int64_t t, std::uint32_t word) {
  if constexpr (version == 1) {
    store_event(out, t, bits(word, 0, 9), bits(word, 9, 8), bits(word, 17, 1));
  } else {
    store_event(out, t, bits(word, 0, 14), bits(word, 14, 14), bits(word, 28, 4) != 0);
  }
}

template <int version>
inline __attribute__((always_inline)) void decode_records(const std::uint8_t* in, std::size_t count, DatState& own,
                                                          std::int64_t& wraps, Event* out) {
  Clock clock{own.last_time, wraps};
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t t = clock.take(load_le32(in + i * record_size));
    store_record<version>(out + i, t, load_le32(in + i * record_size + 4));
  }
  own.last_time = clock.last;
  wraps = clock.wrapped;
}

AESTREAM_MULTIVERSION
void decode_version1(const std::uint8_t* in, std::size_t count, DatState& own, std::int64_t& wraps, Event* out) {
  decode_records<1>(in, count, own, wraps, out);
}

AESTREAM_MULTIVERSION
void decode_version2(const std::uint8_t* in, std::size_t count, DatState& own, std::int64_t& wraps, Event* out) {
  decode_records<2>(in, count, own, wraps, out);
}

struct Times {
  std::uint32_t latest;
  bool wraps;
};

AESTREAM_MULTIVERSION
Times scan_times(const std::uint8_t* in, std::size_t count, std::uint32_t before) {
  std::uint32_t latest = load_le32(in), wraps = is_wrap(before, latest);
  for (std::size_t i = 1; i < count; ++i) {
    const std::uint32_t previous = load_le32(in + (i - 1) * record_size), t = load_le32(in + i * record_size);
    latest = std::max(latest, t);
    wraps |= is_wrap(previous, t);
  }
  return {latest, wraps != 0};
}

}  // namespace

Progress DatDecoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  auto own = state.load<DatState>();
  std::int64_t wraps = state.wraps * period;
  const std::size_t count = std::min(bytes.size() / record_size, out.size());
  (version_ == 1 ? decode_version1 : decode_version2)(bytes.data(), count, own, wraps, out.data());
  state.wraps = wraps / period;
  state.store(own);
  return {count * record_size, count};
}

Scan DatDecoder::scan(ByteSpan bytes, State& state, bool) const {
  constexpr std::size_t group = 512;  // records that share one look for a wrap
  auto own = state.load<DatState>();
  Scan result;
  while (result.bytes + record_size <= bytes.size()) {
    const std::uint8_t* in = &bytes[result.bytes];
    const std::size_t count = std::min(group, (bytes.size() - result.bytes) / record_size);
    const Times times = scan_times(in, count, own.last_time);
    if (!times.wraps) {
      result.time_bound = std::max(result.time_bound, state.wraps * period + times.latest);
      own.last_time = load_le32(in + (count - 1) * record_size);
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t t = load_le32(in + i * record_size);
        state.wraps += is_wrap(own.last_time, t);
        own.last_time = t;
        result.time_bound = std::max(result.time_bound, state.wraps * period + t);
      }
    }
    result.events += count;
    result.bytes += count * record_size;
  }
  state.store(own);
  return result;
}

State DatDecoder::look_back(ByteSpan payload, std::size_t offset) const {
  State state;
  if (offset >= record_size) state.store(DatState{load_le32(&payload[offset - record_size])});
  return state;
}

std::size_t DatDecoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + record_size - 1) / record_size * record_size, payload.size());
}

}  // namespace aestream
