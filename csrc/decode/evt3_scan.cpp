// EVT3 without its events: counting many words at once, and the state before any word, so that threads can start there.
#include <algorithm>
#include <bit>

#include "core/multiversion.hpp"
#include "decode/evt3.hpp"
#include "decode/evt3_words.hpp"

namespace aestream {

using namespace evt3;

namespace {

struct GroupCount {
  std::uint32_t events;
  bool times;    // holds TIME_HIGH
  bool em;       // holds an EM address
  bool vectors;  // holds vectors or their base
};

constexpr std::size_t lane_count = 32;
using Lane = std::uint16_t;
typedef Lane Lanes __attribute__((vector_size(lane_count * sizeof(Lane))));  // a word a lane

AESTREAM_MULTIVERSION
GroupCount count_group(const std::uint8_t* in, std::size_t words) {
  Lanes events{}, times{}, em{}, vectors{};
  for (std::size_t i = 0; i < words; i += lane_count) {
    const std::uint8_t* from = in + i * word_size;
    std::uint8_t padded[sizeof(Lanes)];
    if (words - i < lane_count) [[unlikely]] {
      std::memset(padded, 0xFF, sizeof padded);  // lanes beyond the group hold CONTINUED_12
      std::memcpy(padded, from, (words - i) * word_size);
      from = padded;
    }
    Lanes word;
    std::memcpy(&word, from, sizeof word);
    const Lanes type = word >> 12;
    const Lanes is_12 = (Lanes)(type == Lane{Vect12}), is_8 = (Lanes)(type == Lane{Vect8});
    Lanes mask = (word & ((is_12 & 0xFFF) | (is_8 & 0xFF))) | ((Lanes)(type == Lane{AddrX}) & 1);
    mask = mask - ((mask >> 1) & 0x5555);  // popcount
    mask = (mask & 0x3333) + ((mask >> 2) & 0x3333);
    mask = (mask + (mask >> 4)) & 0x0F0F;
    events += (mask & 0xFF) + (mask >> 8);
    times |= (Lanes)(type == Lane{TimeHigh});
    em |= (Lanes)(type == Lane{Em});
    vectors |= (Lanes)(type == Lane{VectBaseX}) | is_12 | is_8;
  }
  GroupCount count{};
  for (std::size_t i = 0; i < lane_count; ++i) {
    count.events += events[i];
    count.times |= times[i] != 0;
    count.em |= em[i] != 0;
    count.vectors |= vectors[i] != 0;
  }
  return count;
}

/// Whether there are vectors, or their base: at the speed of memory, since scalar files have none as far back as one looks.
AESTREAM_MULTIVERSION
bool has_vectors(const std::uint8_t* in, std::size_t words) {
  constexpr std::uint32_t first = VectBaseX << 12, kinds = 3u << 12;
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < words; ++i) found |= load_le16(in + i * word_size) - first < kinds;
  return found != 0;
}

/// Takes the TIME_HIGH words of a group. Returns the index behind the last one that had a new value: where TIME_LOW is 0.
std::size_t take_time_highs(const std::uint8_t* in, std::size_t words, Evt3State& s, std::int64_t& latest) {
  std::size_t changed = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint32_t word = load_le16(in + i * word_size);
    if (type_of(word) != TimeHigh || content_of(word) << 12 == (s.time & high)) [[likely]]
      continue;
    set_time_high(s, content_of(word));
    latest = std::max(latest, s.wrapped + (s.time | low_bits));
    changed = i + 1;
  }
  return changed;
}

/// The other state after a group without EM: the last word of each kind counts, so look from the end.
void take_last_words(const std::uint8_t* in, std::size_t words, std::size_t low_from, bool vectors, Evt3State& s) {
  bool low = low_from == words, y = false, base = !vectors;
  std::uint32_t moved = 0;
  for (std::size_t i = words; i-- > 0 && !(low && y && base);) {
    const std::uint32_t word = load_le16(in + i * word_size), content = content_of(word);
    const std::uint32_t type = type_of(word);
    low = low || i < low_from;
    if (type == TimeLow && !low) {
      set_time_low(s, content);
      low = true;
    } else if (type == AddrY && !y) {
      s.y = content & 0x7FF;
      y = true;
    } else if (!base && (type == Vect12 || type == Vect8)) {
      moved += type == Vect12 ? 12 : 8;
    } else if (!base && type == VectBaseX) {
      s.base = content & 0x7FF;
      s.base_p = content >> 11;
      base = true;
    }
  }
  s.base = std::min(s.base + moved, x_end);
}

constexpr std::size_t group = 1024;  // words; the 16-bit lanes of count_group hold 12 events for each

/// A group that the quick way cannot count: the start, EM addresses, a base beyond all sensors.
std::size_t scan_carefully(const std::uint8_t* in, std::size_t words, Evt3State& s, std::int64_t& latest) {
  std::size_t events = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint32_t word = load_le16(in + i * word_size), type = type_of(word);
    if (!s.has_time && type != TimeHigh) continue;
    if (type == Vect12 || type == Vect8) {
      const std::uint32_t mask = take_vector(s, word);
      events += s.em ? 0 : static_cast<std::size_t>(std::popcount(mask));
    } else {
      events += type == AddrX && !s.em;
      take_state_word(s, word);
      latest = std::max(latest, s.wrapped + (s.time | low_bits));
    }
  }
  return events;
}

/// scan() of one group, exactly as decoding would count it.
std::size_t scan_group(const std::uint8_t* in, std::size_t words, Evt3State& s, std::int64_t& time_bound) {
  const GroupCount count = count_group(in, words);
  std::int64_t latest = s.wrapped + (s.time | low_bits);
  std::size_t events = count.events;
  if (s.has_time && !s.em && !count.em && s.base + group * 12 < x_end) {
    const std::size_t low_from = count.times ? take_time_highs(in, words, s, latest) : 0;
    take_last_words(in, words, low_from, count.vectors, s);
  } else {
    events = scan_carefully(in, words, s, latest);
  }
  if (events != 0) time_bound = std::max(time_bound, latest);
  return events;
}

/// TIME_LOW before words[end]: the last one counts only if no new TIME_HIGH came after it.
std::uint32_t time_before(const std::uint8_t* in, std::size_t first, std::size_t end) {
  bool has_low = false, has_high = false;
  std::uint32_t low = 0, last_high = 0;
  for (std::size_t i = end; i-- > first;) {
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
  while (first < end && type_of(load_le16(&payload[first * word_size])) != TimeHigh) ++first;
  State state;
  if (first == end) return state;
  Evt3State s;
  s.has_time = true;
  s.time = time_before(payload.data(), first, end);
  addresses_before(payload.data(), first, end, s);
  store(state, s);
  return state;
}

Scan Evt3Decoder::scan(ByteSpan bytes, State& state, bool) const {
  Evt3State s = load(state);
  Scan result;
  while (result.bytes + word_size <= bytes.size()) {
    const std::size_t words = std::min(group, (bytes.size() - result.bytes) / word_size);
    result.events += scan_group(&bytes[result.bytes], words, s, result.time_bound);
    result.bytes += words * word_size;
  }
  store(state, s);
  return result;
}

std::size_t Evt3Decoder::align(ByteSpan payload, std::size_t offset) const {
  return std::min((offset + word_size - 1) / word_size * word_size, payload.size());
}

}  // namespace aestream
