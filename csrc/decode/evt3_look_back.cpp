// The state of EVT3 before any word, so that threads can start there.
#include <algorithm>

#include "core/interrupt.hpp"
#include "core/multiversion.hpp"
#include "decode/evt3.hpp"
#include "decode/evt3_words.hpp"

namespace aestream {

using namespace evt3;

namespace {

constexpr std::size_t group = 1024;  // words that share one look for vectors

/// Whether there are vectors, or their base: at the speed of memory, since scalar files have none as far back as one looks.
AESTREAM_MULTIVERSION
bool has_vectors(const std::uint8_t* in, std::size_t words) {
  constexpr std::uint32_t first = VectBaseX << 12, kinds = 3u << 12;
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < words; ++i) found |= load_le16(in + i * word_size) - first < kinds;
  return found != 0;
}

/// TIME_LOW before words[end]: the last one counts only if no new TIME_HIGH came after it.
std::uint32_t time_before(const std::uint8_t* in, std::size_t first, std::size_t end) {
  bool has_low = false, has_high = false;
  std::uint32_t low = 0, last_high = 0;
  for (std::size_t i = end; i-- > first;) {
    check_interrupt_at(i);
    const std::uint32_t word = load_le16(in + i * word_size), content = content_of(word);
    if (type_of(word) == TimeLow && !has_low) {
      low = content;
      has_low = true;
    } else if (type_of(word) == TimeHigh) {
      if (has_high && content != last_high) return last_high << 12;  // the change to last_high came after `low`
      last_high = content;
      has_high = true;
      if (has_low) return last_high << 12 | low;
    }
  }
  return last_high << 12;
}

/// y, base and EM before words[end], none of which is older than words[first].
void addresses_before(const std::uint8_t* in, std::size_t first, std::size_t end, Evt3State& s) {
  bool y = false, em = false;
  std::size_t i = end;
  for (; i-- > first && !y;) {
    check_interrupt_at(i);
    const std::uint32_t word = load_le16(in + i * word_size);
    if (type_of(word) == AddrY) {
      s.y = content_of(word) & 0x7FF;
      y = em = true;
    } else if (type_of(word) == Em && !em) {
      s.em = em = true;
    }
  }
  std::uint32_t moved = 0;
  for (std::size_t stop = end; stop > first; stop -= std::min(group, stop - first)) {
    const std::size_t start = stop - std::min(group, stop - first);
    if (start / group % 64 == 0) check_interrupt();
    if (!has_vectors(in + start * word_size, stop - start)) continue;
    for (i = stop; i-- > start;) {
      const std::uint32_t word = load_le16(in + i * word_size), content = content_of(word);
      if (type_of(word) == VectBaseX) {
        s.base = std::min((content & 0x7FF) + moved, x_end);
        s.base_p = content >> 11;
        return;
      }
      moved = std::min(moved + (type_of(word) == Vect12 ? 12u : type_of(word) == Vect8 ? 8u : 0u), x_end);
    }
  }
  s.base = moved;
}

}  // namespace

State Evt3Decoder::look_back(ByteSpan payload, std::size_t offset) const {
  const std::size_t end = offset / word_size;
  std::size_t first = 0;
  for (; first < end && type_of(load_le16(&payload[first * word_size])) != TimeHigh; ++first) check_interrupt_at(first);
  State state;
  if (first == end) return state;
  Evt3State s;
  s.has_time = true;
  s.time = time_before(payload.data(), first, end);
  addresses_before(payload.data(), first, end, s);
  store(state, s);
  return state;
}

bool Evt3Decoder::could_leave(const State& state) const {
  const auto s = state.load<Stored>();
  return s.time < period && s.base <= x_end && s.y <= 0x7FF && s.base_p <= 1 && s.has_time <= 1 && s.em <= 1;
}

std::size_t Evt3Decoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + word_size - 1) / word_size * word_size, payload.size());
}

}  // namespace aestream
