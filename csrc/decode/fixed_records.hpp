// Records of one size with a 32-bit clock of microseconds, as DAT and AEDAT 1 and 2 have them. The clock wraps when it
// falls by more than half of its range; a smaller fall is kept as recorded.
//
// A `Record` is a small object of const options: `size` in bytes, `only_events` if no record is anything else, `time(in)`,
// `is_event(in)` and `store(in, t, out)`.
#pragma once

#include <algorithm>

#include "decode/decoder.hpp"

namespace aestream::fixed_records {

inline constexpr std::int64_t period = std::int64_t{1} << 32;

/// What survives between two records.
struct Clock {
  std::uint32_t last_time = 0;  // of the record before, without wraps
};

inline bool could_leave(const State& state) {
  State own{state.wraps};
  own.store(state.load<Clock>());
  return state == own;
}

constexpr bool is_wrap(std::uint32_t before, std::uint32_t now) {
  return now < before && before - now > std::uint32_t{1} << 31;
}

/// Unwraps one time after the other.
struct Unwrapper {
  std::uint32_t last = 0;    // time of the record before, without wraps
  std::int64_t wrapped = 0;  // microseconds of all wraps

  std::int64_t take(std::uint32_t t) {
    if (is_wrap(last, t)) [[unlikely]]
      wrapped += period;
    last = t;
    return wrapped + t;
  }
};

/// Records that are no events are stored too, and then written over.
template <class Record>
inline __attribute__((always_inline)) Progress decode(const Record& record, ByteSpan bytes, State& state,
                                                      EventSpan out) {
  std::size_t count = bytes.size() / Record::size;
  if (Record::only_events) count = std::min(count, out.size());
  Unwrapper clock{state.load<Clock>().last_time, state.wraps * period};
  std::size_t done = 0, events = 0;
  for (; done < count && (Record::only_events || events < out.size()); ++done) {
    const std::uint8_t* in = bytes.data() + done * Record::size;
    record.store(in, clock.take(record.time(in)), out.data() + events);
    events += record.is_event(in);
  }
  state.wraps = clock.wrapped / period;
  state.store(Clock{clock.last});
  return {done * Record::size, events};
}

/// Some records that are counted in one go.
struct Group {
  std::uint32_t events = 0;
  std::uint32_t latest = 0;  // time of an event, if there is no wrap
  std::uint32_t wraps = 0;   // whether there is one
};

template <class Record>
inline __attribute__((always_inline)) Group count_group(const Record& record, const std::uint8_t* in, std::size_t count,
                                                        std::uint32_t before) {
  const std::uint32_t first = record.time(in), is_first = record.is_event(in);
  Group group{is_first, first & (0 - is_first), is_wrap(before, first)};
  for (std::size_t i = 1; i < count; ++i) {
    const std::uint8_t* at = in + i * Record::size;
    const std::uint32_t previous = record.time(at - Record::size), t = record.time(at), is_event = record.is_event(at);
    group.events += is_event;
    group.latest = std::max(group.latest, t & (0 - is_event));
    group.wraps |= is_wrap(previous, t);
  }
  return group;
}

/// `count_group(in, count, before)` is the function above, compiled for several processors.
template <class Record, class CountGroup>
Scan scan(const Record& record, ByteSpan bytes, State& state, const CountGroup& count_group) {
  constexpr std::size_t most = 512;
  std::uint32_t last = state.load<Clock>().last_time;
  Scan result;
  while (result.bytes + Record::size <= bytes.size()) {
    const std::uint8_t* in = bytes.data() + result.bytes;
    const std::size_t count = std::min(most, (bytes.size() - result.bytes) / Record::size);
    const Group group = count_group(in, count, last);
    if (group.wraps == 0) {
      if (group.events != 0) result.time_bound = std::max(result.time_bound, state.wraps * period + group.latest);
      last = record.time(in + (count - 1) * Record::size);
    } else {
      for (std::size_t i = 0; i < count; ++i, in += Record::size) {
        const std::uint32_t t = record.time(in);
        state.wraps += is_wrap(last, t);
        last = t;
        if (record.is_event(in)) result.time_bound = std::max(result.time_bound, state.wraps * period + t);
      }
    }
    result.events += group.events;
    result.bytes += count * Record::size;
  }
  state.store(Clock{last});
  return result;
}

template <class Record>
State look_back(const Record& record, ByteSpan payload, std::size_t offset) {
  State state;
  if (offset >= Record::size) state.store(Clock{record.time(&payload[offset - Record::size])});
  return state;
}

inline std::size_t align(std::size_t size, ByteSpan payload, std::size_t offset) {
  return std::min((offset + size - 1) / size * size, payload.size());
}

}  // namespace aestream::fixed_records
