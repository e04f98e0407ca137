// The clock that EVT2 and EVT2.1 share: 28 bits of TIME_HIGH, in units of 64 microseconds, that wrap at 2^34.
#pragma once

#include <algorithm>
#include <limits>

#include "core/interrupt.hpp"
#include "decode/decoder.hpp"

namespace aestream::evt2 {

constexpr std::int64_t period = std::int64_t{1} << 34;

struct ClockState {
  std::int64_t base = 0;      // of the last TIME_HIGH, in microseconds, without wraps
  std::uint8_t has_time = 0;  // words before the first TIME_HIGH have no time and are dropped
};

inline bool could_leave(const State& state) {
  const auto own = state.load<ClockState>();
  return own.base >= 0 && own.base < period && own.has_time <= 1;
}

/// `wrap_fall`: a TIME_HIGH that falls by at least this much is a wrap; a smaller fall is a step back.
template <std::int64_t wrap_fall>
struct Clock {
  std::int64_t base;   // of the last TIME_HIGH, without wraps
  std::int64_t wraps;  // times `period`

  std::int64_t now() const { return base + wraps; }
  void set(std::int64_t next) {
    if (next < base) [[unlikely]]
      wraps += base - next >= wrap_fall ? period : 0;
    base = next;
  }
};

/// What many words hold, counted at once. Without a TIME_HIGH, `latest` is less than `earliest`.
struct GroupCount {
  std::size_t events = 0;
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();  // TIME_HIGH
  std::int64_t latest = -1;
};

/// Words is the format: word_size, wrap_fall, load(bytes), is_time(word), time_of(word), count(bytes, words).
template <class Words>
class Scanner {
 public:
  Scanner(const Words& words, State& state)
      : words_(words), state_(state), own_(state.load<ClockState>()), clock_{own_.base, state.wraps * period} {}

  ~Scanner() {
    own_.base = clock_.base;
    state_.wraps = clock_.wraps / period;
    state_.store(own_);
  }

  Clock<Words::wrap_fall>& clock() { return clock_; }

  /// Skips to behind the first TIME_HIGH, if that was not read yet; returns the bytes skipped.
  std::size_t start(ByteSpan bytes) {
    std::size_t i = 0;
    for (; !own_.has_time && i + Words::word_size <= bytes.size(); i += Words::word_size) {
      const auto word = words_.load(&bytes[i]);
      if (!words_.is_time(word)) continue;
      clock_.base = words_.time_of(word);
      own_.has_time = 1;
    }
    return i;
  }

  Scan scan(ByteSpan bytes) {
    constexpr std::size_t group = 512;  // words
    Scan result{start(bytes), 0, no_time};
    while (result.bytes + Words::word_size <= bytes.size()) {
      const std::uint8_t* in = &bytes[result.bytes];
      const std::size_t words = std::min(group, (bytes.size() - result.bytes) / Words::word_size);
      const GroupCount count = words_.count(in, words);
      const std::int64_t bound = take_times(in, words, count);
      if (count.events != 0) result.time_bound = std::max(result.time_bound, bound + 63);
      result.events += count.events;
      result.bytes += words * Words::word_size;
    }
    return result;
  }

 private:
  /// Sets the clock to the end of the group; returns the latest time that it showed.
  std::int64_t take_times(const std::uint8_t* in, std::size_t words, const GroupCount& count) {
    std::int64_t latest = clock_.now();
    if (count.latest < count.earliest) return latest;
    const std::int64_t highest = std::max(count.latest, clock_.base), lowest = std::min(count.earliest, clock_.base);
    if (highest - lowest < Words::wrap_fall) {  // no wrap among them, so only the last one matters
      std::size_t i = words - 1;
      while (!words_.is_time(words_.load(in + i * Words::word_size))) --i;
      clock_.base = words_.time_of(words_.load(in + i * Words::word_size));
      return std::max(latest, count.latest + clock_.wraps);
    }
    for (std::size_t i = 0; i < words; ++i) {
      const auto word = words_.load(in + i * Words::word_size);
      if (!words_.is_time(word)) continue;
      clock_.set(words_.time_of(word));
      latest = std::max(latest, clock_.now());
    }
    return latest;
  }

  const Words& words_;
  State& state_;
  ClockState own_;
  Clock<Words::wrap_fall> clock_;
};

/// The state before payload[offset] but for its wraps: only the last TIME_HIGH counts.
template <class Words>
State look_back(const Words& words, ByteSpan payload, std::size_t offset) {
  State state;
  for (std::size_t i = offset; i >= Words::word_size; i -= Words::word_size) {
    check_interrupt_at(i);
    const auto word = words.load(&payload[i - Words::word_size]);
    if (!words.is_time(word)) continue;
    state.store(ClockState{words.time_of(word), 1});
    break;
  }
  return state;
}

/// The first word boundary at or after `offset`, or the end.
template <class Words>
std::size_t align(ByteSpan payload, std::size_t offset) {
  return std::min((offset + Words::word_size - 1) / Words::word_size * Words::word_size, payload.size());
}

}  // namespace aestream::evt2
