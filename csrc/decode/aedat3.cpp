// AEDAT 3.1: packet headers, checked against the file, and polarity events.
#include "decode/aedat3.hpp"

#include <algorithm>
#include <string>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

constexpr std::uint16_t polarity_type = 1;
constexpr std::size_t max_group = 1 << 16;  // events whose number fits a 32-bit counter with room to spare

struct Header {
  std::uint16_t type, source;
  std::uint32_t size, overflow, number, valid;
};

Header read_header(ByteSpan file, std::size_t offset) {
  const std::uint8_t* in = &file[offset];
  const Header header{load_le16(in),      load_le16(in + 2),  load_le32(in + 4),
                      load_le32(in + 12), load_le32(in + 20), load_le32(in + 24)};
  const auto found = [](std::uint32_t value) { return ", found " + std::to_string(value); };
  if (header.size == 0) throw FormatError(offset + 4, "expected eventSize above 0, found 0");
  if (header.type == polarity_type && header.size != aedat3_event_size) {
    throw FormatError(offset + 4, "expected eventSize 8 of polarity events" + found(header.size));
  }
  if (header.valid > header.number) {
    throw FormatError(offset + 24, "expected eventValid of at most eventNumber, " + std::to_string(header.number) +
                                       found(header.valid));
  }
  return header;
}

bool is_valid(const std::uint8_t* in) { return bit(load_le32(in), 0); }
std::int32_t time_of(const std::uint8_t* in) { return load_le<std::int32_t>(in + 4); }

/// Bit 0 valid, 1 polarity, 16..2 y, 31..17 x; then the time.
AESTREAM_MULTIVERSION
Progress decode_events(const std::uint8_t* in, std::size_t count, std::int64_t time_base, std::uint32_t keep_invalid,
                       EventSpan out) {
  std::size_t done = 0, events = 0;
  for (; done < count && events < out.size(); ++done, in += aedat3_event_size) {
    const std::uint32_t word = load_le32(in);
    store_event(&out[events], time_base + time_of(in), bits(word, 17, 15), bits(word, 2, 15), bits(word, 1, 1));
    events += (word | keep_invalid) & 1;  // an event that is dropped is written over
  }
  return {done * aedat3_event_size, events};
}

struct Group {
  std::uint32_t events;
  std::int32_t latest;  // of these, if there are any
};

AESTREAM_MULTIVERSION
Group scan_group(const std::uint8_t* in, std::size_t count, std::uint32_t keep_invalid) {
  Group group{0, std::numeric_limits<std::int32_t>::min()};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* at = in + i * aedat3_event_size;
    const std::uint32_t kept = (load_le32(at) | keep_invalid) & 1;
    group.events += kept;
    group.latest = std::max(group.latest, kept != 0 ? time_of(at) : group.latest);
  }
  return group;
}

}  // namespace

std::optional<Aedat3Packet> Aedat3Walk::next() {
  while (at_ < file_.size()) {
    const std::size_t offset = at_, left = file_.size() - offset;
    const bool has_header = left >= Aedat3Packet::header_size;
    const Header header = has_header ? read_header(file_, offset) : Header{};
    const std::uint64_t size = std::uint64_t{header.size} * header.number;
    if (!has_header || size > left - Aedat3Packet::header_size) {
      cut_bytes_ = left;
      at_ = file_.size();
    } else {
      at_ += Aedat3Packet::header_size + size;
    }
    const bool is_ours = header.type == polarity_type && header.source == camera_.value_or(header.source);
    if (!has_header || !is_ours) continue;
    const ByteSpan stored = file_.first(at_).subspan(offset + Aedat3Packet::header_size);
    const ByteSpan events = stored.first(stored.size() / aedat3_event_size * aedat3_event_size);
    if (!events.empty()) return Aedat3Packet{offset, std::int64_t{header.overflow} << 31, header.valid != 0, events};
  }
  return std::nullopt;
}

bool keeps_invalid(const Aedat3Packet& packet) {
  if (!packet.claims_valid) return false;
  for (std::size_t i = 0; i < packet.events.size(); i += aedat3_event_size) {
    if (is_valid(&packet.events[i])) return false;
  }
  return true;
}

Progress decode_aedat3(ByteSpan events, std::int64_t time_base, bool keep_invalid, EventSpan out) {
  return decode_events(events.data(), events.size() / aedat3_event_size, time_base, keep_invalid, out);
}

Scan scan_aedat3(ByteSpan events, std::int64_t time_base, bool keep_invalid) {
  Scan result;
  while (result.bytes < events.size()) {
    const std::size_t count = std::min(max_group, (events.size() - result.bytes) / aedat3_event_size);
    const Group group = scan_group(&events[result.bytes], count, keep_invalid);
    if (group.events != 0) result.time_bound = std::max(result.time_bound, time_base + group.latest);
    result.events += group.events;
    result.bytes += count * aedat3_event_size;
  }
  return result;
}

}  // namespace aestream
