// What every stream format provides: bytes and a small state in, events out; no I/O, no allocation, any chunking.
//
// A format is a class with const options (DAT version, word order, CSV dialect) and no other members. What survives
// between chunks is one trivially copyable State, so a checkpoint is a copy of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/event.hpp"

namespace aestream {

/// The state of any decoder: how often the format's clock has wrapped, and the format's own words behind it.
/// `State{}` is the start of a file.
struct State {
  std::int64_t wraps = 0;
  std::array<std::uint64_t, 4> words{};

  template <class T>
  T load() const noexcept {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(words));
    T own;
    std::memcpy(static_cast<void*>(&own), words.data(), sizeof own);
    return own;
  }
  template <class T>
  void store(const T& own) noexcept {
    std::memcpy(words.data(), &own, sizeof own);
  }
  bool operator==(const State&) const = default;
};
static_assert(std::is_trivially_copyable_v<State> && sizeof(State) == 40);

struct Progress {
  std::size_t bytes = 0;   // consumed; the caller keeps the rest and feeds it again
  std::size_t events = 0;  // written
};

inline constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

/// A state has no later time than this, in microseconds: what a file adds to it does not overflow.
inline constexpr std::int64_t max_state_time = std::int64_t{1} << 62;

struct Scan {
  std::size_t bytes = 0;
  std::size_t events = 0;
  std::int64_t time_bound = no_time;  // no event of these bytes is later than this; `no_time` if there is none
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Decodes until `bytes` or `out` is used up, or before malformed bytes, which the call that begins with them throws.
  /// Stops before a word whose events do not all fit into `out`, so `out`
  /// must have room for `max_events_per_word()`, or for all the events that there are.
  virtual Progress decode(ByteSpan bytes, State& state, EventSpan out) const = 0;

  /// Advances `state` over whole words exactly as decode() does, but only counts. `time_bound` is filled in when it costs
  /// next to nothing, or when `times` asks for it.
  virtual Scan scan(ByteSpan bytes, State& state, bool times) const = 0;

  /// Whether decoding can begin anywhere, with look_back(); else threads can only decode from checkpoints.
  virtual bool splits() const { return true; }

  /// The state before payload[offset], as decoding from the start gives it, but for `wraps`, which counts from 0.
  /// `offset` is one that align() returned. Reads backwards from there, as far as it must.
  virtual State look_back(ByteSpan payload, std::size_t offset) const = 0;

  /// The first word boundary at or after `offset`, or payload.size().
  virtual std::size_t align(ByteSpan payload, std::size_t offset) const = 0;

  /// Microseconds that one wrap adds; 0 for formats whose clock does not wrap.
  virtual std::int64_t wrap_period() const = 0;

  virtual std::size_t max_events_per_word() const = 0;

  /// Whether decoding can have left `state.words` like this. Those of a stored index are anybody's bytes until then.
  virtual bool could_leave(const State& state) const { return state == State{state.wraps}; }

  /// Called once with the bytes that decode() left at the end of the file: a text's last line may have no newline.
  /// What it does not consume is a cut word.
  virtual Progress finish(ByteSpan, State&, EventSpan) const { return {}; }

  /// Whether errors have a line as well as an offset.
  virtual bool is_text() const { return false; }
};

/// A format whose state comes from all the bytes before: times that add up, words of any length.
class SequentialDecoder : public Decoder {
 public:
  bool splits() const final { return false; }
  State look_back(ByteSpan, std::size_t) const final { return {}; }
  std::size_t align(ByteSpan payload, std::size_t offset) const final { return std::min(offset, payload.size()); }
  std::int64_t wrap_period() const final { return 0; }
};

}  // namespace aestream
