// Triggers are rare, so a search for their words goes ahead, and the decoders' own scans bring the clock up to each.
#include "decode/triggers.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "core/interrupt.hpp"
#include "decode/evt2.hpp"
#include "decode/evt21.hpp"
#include "decode/evt2_clock.hpp"
#include "decode/evt3.hpp"
#include "decode/evt3_words.hpp"
#include "decode/fixed_records.hpp"

namespace aestream {
namespace {

constexpr std::size_t at_once = std::size_t{8} << 20;  // bytes between two questions whether to end
constexpr std::size_t dat_record_size = 8;
constexpr std::uint32_t ext_trigger = 0xA;  // the type in EVT2, EVT2.1 and EVT3

/// Layout: word_size, has_trigger(bytes of a word), and read(bytes, state), which gives nothing before the first time.
template <class Layout>
std::vector<Trigger> find_triggers(const Decoder& decoder, const Layout& layout, ByteSpan payload) {
  std::vector<Trigger> found;
  State state;
  std::size_t scanned = 0;
  const auto scan_to = [&](std::size_t stop) {
    while (scanned < stop) {
      check_interrupt();
      const std::size_t bytes = std::min(stop - scanned, at_once);
      decoder.scan(payload.subspan(scanned, bytes), state, false);
      scanned += bytes;
    }
  };
  for (std::size_t i = 0; i + Layout::word_size <= payload.size(); i += Layout::word_size) {
    check_interrupt_at(i);
    if (!layout.has_trigger(&payload[i])) [[likely]]
      continue;
    scan_to(i);
    if (const auto trigger = layout.read(&payload[i], state)) found.push_back(*trigger);
  }
  return found;
}

/// EVT2 words, and the control halves of EVT2.1's.
template <std::size_t size>
struct Evt2Layout {
  static constexpr std::size_t word_size = size;
  std::size_t control = 0;  // where the word or its half begins

  bool has_trigger(const std::uint8_t* in) const { return in[control + 3] >> 4 == ext_trigger; }
  std::optional<Trigger> read(const std::uint8_t* in, const State& state) const {
    const auto clock = state.load<evt2::ClockState>();
    if (!clock.has_time) return std::nullopt;
    const std::uint32_t word = load_le32(in + control);
    const std::int64_t t = clock.base + state.wraps * evt2::period + bits(word, 22, 6);
    return Trigger{t, static_cast<std::int16_t>(bits(word, 8, 5)), bit(word, 0), {}};
  }
};

struct Evt3Layout {
  static constexpr std::size_t word_size = evt3::word_size;

  static bool has_trigger(const std::uint8_t* in) { return in[1] >> 4 == ext_trigger; }
  static std::optional<Trigger> read(const std::uint8_t* in, const State& state) {
    const evt3::Evt3State own = evt3::load(state);
    if (!own.has_time) return std::nullopt;
    const std::uint32_t word = load_le16(in);
    return Trigger{own.wrapped + own.time, static_cast<std::int16_t>(bits(word, 8, 4)), bit(word, 0), {}};
  }
};

std::vector<Trigger> read_dat(ByteSpan records) {
  std::vector<Trigger> found;
  found.reserve(records.size() / dat_record_size);
  fixed_records::Unwrapper clock;
  for (std::size_t i = 0; i + dat_record_size <= records.size(); i += dat_record_size) {
    check_interrupt_at(i);
    const std::int64_t t = clock.take(load_le32(&records[i]));
    const std::uint32_t word = load_le32(&records[i + 4]);
    found.push_back({t, static_cast<std::int16_t>(bits(word, 26, 6)), bits(word, 0, 4) != 0, {}});
  }
  return found;
}

}  // namespace

std::vector<Trigger> read_triggers(const std::string& format, ByteSpan payload) {
  if (format == "evt2") return find_triggers(Evt2Decoder{}, Evt2Layout<4>{0}, payload);
  if (format == "evt21") return find_triggers(Evt21Decoder{Evt21Order::Little}, Evt2Layout<8>{4}, payload);
  if (format == "evt21_legacy") return find_triggers(Evt21Decoder{Evt21Order::Legacy}, Evt2Layout<8>{0}, payload);
  if (format == "evt3") return find_triggers(Evt3Decoder{}, Evt3Layout{}, payload);
  if (format == "dat") return read_dat(payload);
  throw std::invalid_argument("no triggers are read from \"" + format + '"');
}

}  // namespace aestream
