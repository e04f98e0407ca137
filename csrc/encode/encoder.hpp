// What every written stream format provides: events and a small state in, bytes out; no I/O, any chunking.
#pragma once

#include <cstring>

#include "core/bytes.hpp"
#include "core/event.hpp"

namespace aestream {

struct Encoded {
  std::size_t events = 0;  // consumed; the caller keeps the rest and feeds it again
  std::size_t bytes = 0;   // written
};

/// Events have passed an EventCheck with the format's limits. What survives between calls is one trivially copyable State.
class Encoder {
 public:
  static constexpr std::size_t min_room = 256;    // bytes that `out` must have
  static constexpr std::size_t max_pending = 64;  // events that a call may leave for want of those behind them

  virtual ~Encoder() = default;

  /// Encodes until `out` is full or `events` are used up; with `more` to come, it leaves the last few if what it writes
  /// for them depends on those to come. It may write without consuming: a gap can take more bytes than `out` has.
  virtual Encoded encode(ConstEventSpan events, bool more, MutableByteSpan out) = 0;
};

template <class Word>
inline void store_le(std::uint8_t* out, Word word) noexcept {
  static_assert(std::endian::native == std::endian::little, "big-endian hosts are not supported");
  std::memcpy(out, &word, sizeof word);
}

}  // namespace aestream
