// Datagrams to events. Coordinates are taken as they come: who draws them checks them.
#include "decode/datagram.hpp"

#include <stdexcept>

namespace aestream {
namespace {

constexpr std::size_t t64_record = 13, t32_record = 8;

void store_spif(Event* out, std::int64_t t, std::uint32_t word) {
  store_event(out, t, bits(word, 16, 15), bits(word, 0, 15), bits(word, 15, 1));
}

Datagram decode_spif(ByteSpan bytes, SenderClock& clock, std::int64_t arrival_us, EventSpan out) {
  const std::size_t words = bytes.size() / 4;
  const bool is_cut = bytes.size() % 4 != 0;
  std::size_t events = 0, i = 0;
  while (i < words) {
    const std::uint32_t word = load_le32(&bytes[4 * i++]);
    std::int64_t t = arrival_us + clock.ahead;
    if ((word & spif_no_timestamp) == 0) {
      if (i == words && is_cut) break;  // within the timestamp word
      // AEStream and its tests send a last word without flag and timestamp: it is stamped as one with the flag.
      if (i < words) t = clock.unwrap(load_le32(&bytes[4 * i++]), arrival_us);
    }
    store_spif(&out[events++], t, word);
  }
  return {events, is_cut};
}

/// SPIF of senders that never set the flag and send no timestamps.
Datagram decode_aestream(ByteSpan bytes, std::int64_t arrival_us, EventSpan out) {
  const std::size_t words = bytes.size() / 4;
  for (std::size_t i = 0; i < words; ++i) store_spif(&out[i], arrival_us, load_le32(&bytes[4 * i]));
  return {words, bytes.size() % 4 != 0};
}

Datagram decode_t64(ByteSpan bytes, EventSpan out) {
  const std::size_t records = bytes.size() / t64_record;
  for (std::size_t i = 0; i < records; ++i) {
    const std::uint8_t* record = &bytes[i * t64_record];
    const auto t = static_cast<std::int64_t>(load_le64(record));
    if (t < 0) return {i, true};  // no clock has run for 292,000 years
    store_event(&out[i], t, load_le16(record + 8), load_le16(record + 10), record[12] != 0);
  }
  return {records, bytes.size() % t64_record != 0};
}

Datagram decode_t32(ByteSpan bytes, SenderClock& clock, std::int64_t arrival_us, EventSpan out) {
  const std::size_t records = bytes.size() / t32_record;
  for (std::size_t i = 0; i < records; ++i) {
    const std::uint8_t* record = &bytes[i * t32_record];
    const std::int64_t t = clock.unwrap(load_le32(record), arrival_us);
    const std::uint16_t y_on = load_le16(record + 6);
    store_event(&out[i], t, load_le16(record + 4), y_on >> 1u, y_on & 1u);
  }
  return {records, bytes.size() % t32_record != 0};
}

}  // namespace

DatagramFormat to_datagram_format(const std::string& name) {
  if (name == "spif") return DatagramFormat::Spif;
  if (name == "aestream") return DatagramFormat::AEStream;
  if (name == "t64_x16_y16_on8") return DatagramFormat::T64X16Y16On8;
  if (name == "t32_x16_y15_on1") return DatagramFormat::T32X16Y15On1;
  throw std::invalid_argument("protocol must be spif, aestream, t64_x16_y16_on8 or t32_x16_y15_on1, got " + name);
}

std::size_t min_event_size(DatagramFormat format) {
  switch (format) {
    case DatagramFormat::T64X16Y16On8: return t64_record;
    case DatagramFormat::T32X16Y15On1: return t32_record;
    default: return 4;
  }
}

std::int64_t SenderClock::unwrap(std::uint32_t stamp, std::int64_t arrival_us) noexcept {
  std::int64_t t = stamp;
  if (is_set) {
    const std::int64_t expected = arrival_us + ahead;
    t = expected + static_cast<std::int32_t>(stamp - static_cast<std::uint32_t>(expected));
    if (t < 0) t += std::int64_t{1} << 32;
  }
  ahead = t - arrival_us;
  is_set = true;
  return t;
}

Datagram decode_datagram(DatagramFormat format, ByteSpan bytes, SenderClock& clock, std::int64_t arrival_us,
                         EventSpan out) {
  switch (format) {
    case DatagramFormat::T64X16Y16On8: return decode_t64(bytes, out);
    case DatagramFormat::T32X16Y15On1: return decode_t32(bytes, clock, arrival_us, out);
    case DatagramFormat::AEStream: return decode_aestream(bytes, arrival_us, out);
    default: return decode_spif(bytes, clock, arrival_us, out);
  }
}

}  // namespace aestream
