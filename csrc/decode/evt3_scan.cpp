// EVT3 without its events: many words are counted at once, and the state is what the last words of each kind leave.
#include <algorithm>
#include <bit>

#include "core/multiversion.hpp"
#include "decode/evt3.hpp"
#include "decode/evt3_words.hpp"

namespace aestream {

using namespace evt3;

namespace {

constexpr std::size_t lane_count = 32;
using Lane = std::uint16_t;
typedef Lane Lanes __attribute__((vector_size(lane_count * sizeof(Lane))));  // a word a lane

constexpr std::size_t group = 1024;  // words; the 16-bit lanes of count_group hold 12 events for each
constexpr std::size_t no_block = SIZE_MAX;

struct GroupCount {
  std::uint32_t events;
  bool times;              // holds a TIME_HIGH that differs from the one before the group
  bool em;                 // holds an EM address
  bool vectors;            // holds vectors
  std::size_t base_block;  // the last `lane_count` words that hold VECT_BASE_X, or no_block
};

/// `lane_count` words; lanes beyond `words` hold CONTINUED_12, which does nothing.
inline __attribute__((always_inline)) void load_lanes(Lanes& lanes, const std::uint8_t* in, std::size_t words) {
  if (words < lane_count) [[unlikely]] {
    lanes = Lanes{} - 1;
    std::memcpy(&lanes, in, words * word_size);
  } else {
    std::memcpy(&lanes, in, sizeof lanes);
  }
}

/// All that can be said of a group without an order of its words. Cameras repeat TIME_HIGH all the time, so it is
/// compared with `time_high`, the word before the group, and only a new one is looked at any further.
AESTREAM_MULTIVERSION
GroupCount count_group(const std::uint8_t* in, std::size_t words, Lane time_high) {
  Lanes events{}, times{}, em{}, vectors{}, base_at{};
  for (std::size_t i = 0; i < words; i += lane_count) {
    Lanes word;
    load_lanes(word, in + i * word_size, words - i);
    const Lanes type = word >> 12;
    const Lanes is_12 = (Lanes)(type == Lane{Vect12}), is_8 = (Lanes)(type == Lane{Vect8});
    const Lanes is_base = (Lanes)(type == Lane{VectBaseX});
    Lanes mask = (word & ((is_12 & 0xFFF) | (is_8 & 0xFF))) | ((Lanes)(type == Lane{AddrX}) & 1);
    mask = mask - ((mask >> 1) & 0x5555);  // popcount
    mask = (mask & 0x3333) + ((mask >> 2) & 0x3333);
    mask = (mask + (mask >> 4)) & 0x0F0F;
    events += (mask & 0xFF) + (mask >> 8);
    times |= (Lanes)(type == Lane{TimeHigh}) & (word ^ time_high);
    em |= (Lanes)(type == Lane{Em});
    vectors |= is_12 | is_8;
    base_at = (is_base & static_cast<Lane>(i / lane_count + 1)) | (~is_base & base_at);
  }
  GroupCount count{};
  Lane last_base = 0;
  for (std::size_t i = 0; i < lane_count; ++i) {
    count.events += events[i];
    count.times |= times[i] != 0;
    count.em |= em[i] != 0;
    count.vectors |= vectors[i] != 0;
    last_base = std::max(last_base, base_at[i]);
  }
  count.base_block = last_base == 0 ? no_block : std::size_t{last_base} - 1;
  return count;
}

/// Whether a word is a TIME_HIGH other than `time_high`.
inline __attribute__((always_inline)) bool has_new_time(const std::uint8_t* in, std::size_t words, Lane time_high) {
  Lanes word;
  load_lanes(word, in, words);
  const Lanes differs = (Lanes)((word >> 12) == Lane{TimeHigh}) & (word ^ time_high);
  std::uint64_t parts[sizeof(Lanes) / 8], found = 0;
  std::memcpy(parts, &differs, sizeof parts);
  for (const std::uint64_t part : parts) found |= part;
  return found != 0;
}

/// The TIME_HIGH word that repeats the state's.
inline Lane time_high_of(const Evt3State& s) { return static_cast<Lane>(TimeHigh << 12 | s.time >> 12); }

/// Takes the TIME_HIGH words of a group. Returns the index behind the last one that had a new value: where TIME_LOW is 0.
AESTREAM_MULTIVERSION
std::size_t take_time_highs(const std::uint8_t* in, std::size_t words, Evt3State& s, std::int64_t& latest) {
  std::size_t changed = 0;
  for (std::size_t first = 0; first < words; first += lane_count) {
    if (!has_new_time(in + first * word_size, words - first, time_high_of(s))) continue;
    for (std::size_t i = first; i < std::min(first + lane_count, words); ++i) {
      const std::uint32_t word = load_le16(in + i * word_size);
      if (type_of(word) != TimeHigh || content_of(word) << 12 == (s.time & high)) continue;
      set_time_high(s, content_of(word));
      latest = std::max(latest, s.wrapped + (s.time | low_bits));
      changed = i + 1;
    }
  }
  return changed;
}

/// Pixels that the vectors of some words pass over.
AESTREAM_MULTIVERSION
std::uint32_t width_of_vectors(const std::uint8_t* in, std::size_t words) {
  std::uint32_t width = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint32_t type = type_of(load_le16(in + i * word_size));
    width += (type == Vect12 ? 12u : 0u) + (type == Vect8 ? 8u : 0u);
  }
  return width;
}

/// The base of vectors after a group without EM: the last VECT_BASE_X, moved by all vectors behind it.
void take_bases(const std::uint8_t* in, std::size_t words, const GroupCount& count, Evt3State& s) {
  if (!count.vectors && count.base_block == no_block) return;
  std::size_t from = 0;
  if (count.base_block != no_block) {
    from = std::min((count.base_block + 1) * lane_count, words);
    while (type_of(load_le16(in + (from - 1) * word_size)) != VectBaseX) --from;
    s.base = 0;
    take_state_word(s, load_le16(in + (from - 1) * word_size));
  }
  if (count.vectors) s.base = std::min(s.base + width_of_vectors(in + from * word_size, words - from), x_end);
}

/// The other state after a group without EM: the last word of each kind counts, so look from the end.
void take_last_words(const std::uint8_t* in, std::size_t words, std::size_t low_from, Evt3State& s) {
  bool low = low_from == words, y = false;
  for (std::size_t i = words; i-- > 0 && !(low && y);) {
    const std::uint32_t word = load_le16(in + i * word_size), content = content_of(word);
    low = low || i < low_from;
    if (type_of(word) == TimeLow && !low) {
      set_time_low(s, content);
      low = true;
    } else if (type_of(word) == AddrY && !y) {
      s.y = content & 0x7FF;
      y = true;
    }
  }
}

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
  const GroupCount count = count_group(in, words, time_high_of(s));
  std::int64_t latest = s.wrapped + (s.time | low_bits);
  std::size_t events = count.events;
  if (s.has_time && !s.em && !count.em && s.base + group * 12 < x_end) {
    const std::size_t low_from = count.times ? take_time_highs(in, words, s, latest) : 0;
    take_last_words(in, words, low_from, s);
    take_bases(in, words, count, s);
  } else {
    events = scan_carefully(in, words, s, latest);
  }
  if (events != 0) time_bound = std::max(time_bound, latest);
  return events;
}

}  // namespace

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

}  // namespace aestream
