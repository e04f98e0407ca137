// Messages hold nanoseconds, all but the libcaer ones, which hold microseconds after a time_base in nanoseconds.
#include "decode/ros_encodings.hpp"

#include <bit>
#include <limits>

namespace aestream {
namespace {

constexpr std::uint32_t axis_end = 32768;  // x and y are int16

std::size_t count_words(const RosEventPacket& packet, std::size_t size) {
  if (packet.payload.size() % size != 0) {
    throw FormatError(packet.offset, "expected whole words of " + std::to_string(size) + " bytes, found " +
                                         std::to_string(packet.payload.size()) + " bytes");
  }
  return packet.payload.size() / size;
}

/// time_base, which leaves room for what is added to it.
std::uint64_t checked_base(const RosEventPacket& packet) {
  if (packet.time_base >> 63 != 0) {
    throw FormatError(0, "expected a time_base below 2^63 ns, found " + std::to_string(packet.time_base));
  }
  return packet.time_base;
}

void check_axes(std::uint32_t x, std::uint32_t y, std::size_t offset) {
  if (x >= axis_end || y >= axis_end) [[unlikely]] {
    throw FormatError(offset, "expected x and y below 32768, found " + std::to_string(x) + " and " + std::to_string(y));
  }
}

/// Room for `count` more events at the end of `out`.
Event* grow(std::vector<Event>& out, std::size_t count) {
  out.resize(out.size() + count);
  return out.data() + (out.size() - count);
}

enum CompactType : std::uint32_t { TimeHigh = 0, TimeLow = 1, AddrX = 2, AddrY = 3, VectBaseY = 4, Vect8 = 5 };

/// How many events the words of a libcaer_cmp payload can make.
std::size_t count_compact(ByteSpan payload) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < payload.size(); i += 2) {
    const std::uint32_t word = load_le16(&payload[i]), type = word >> 12;
    if (type == AddrY) ++count;
    if (type == Vect8) count += static_cast<std::size_t>(std::popcount(word & 0xFF));
  }
  return count;
}

/// Writes the pixels of a vector upwards from the base, which moves; returns how many there are.
std::size_t store_vector(CompactState& s, std::int64_t t, std::uint32_t word, Event* out) {
  std::size_t n = 0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    const bool exists = bit(word, i) && s.has_x && s.has_base && s.base + i < axis_end;
    if (exists) store_event(out + n++, t, s.x, s.base + i, s.base_p);
  }
  s.base = std::min(s.base + 8, axis_end);
  return n;
}

}  // namespace

void append_dvs(const RosEventArray& array, std::vector<Event>& out) {
  RosFields fields = array.events;
  Event* event = grow(out, array.count);
  for (std::size_t i = 0; i < array.count; ++i) {
    const std::size_t offset = fields.offset();
    const std::uint32_t x = fields.take<std::uint16_t>(), y = fields.take<std::uint16_t>();
    check_axes(x, y, offset);
    const auto stored = fields.take<std::uint32_t>(), nsec = fields.take<std::uint32_t>();
    const bool is_signed = fields.wire() == RosWire::Cdr;  // builtin_interfaces/Time; ROS 1 has uint32
    const std::int64_t sec = is_signed ? std::int64_t{static_cast<std::int32_t>(stored)} : std::int64_t{stored};
    store_event(event + i, sec * 1'000'000 + nsec / 1000, x, y, fields.take<std::uint8_t>() != 0);
  }
  fields.finish();
}

void append_mono(const RosEventPacket& packet, std::vector<Event>& out) {
  const std::uint64_t base = checked_base(packet);
  const std::size_t count = count_words(packet, 8);
  Event* event = grow(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t word = load_le64(&packet.payload[i * 8]);
    const auto x = static_cast<std::uint32_t>(bits(word, 32, 16)), y = static_cast<std::uint32_t>(bits(word, 48, 15));
    check_axes(x, y, packet.offset + i * 8);
    store_event(event + i, static_cast<std::int64_t>((base + bits(word, 0, 32)) / 1000), x, y, bit(word, 63));
  }
}

void append_triggers(const RosEventPacket& packet, std::vector<Event>& out) {
  const std::uint64_t base = checked_base(packet);
  const std::size_t count = count_words(packet, 8);
  Event* edge = grow(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t word = load_le64(&packet.payload[i * 8]);
    const auto id = static_cast<std::uint32_t>(bits(word, 48, 15));
    const auto t = static_cast<std::int64_t>((base + bits(word, 0, 32)) / 1000);
    store_event(edge + i, t, id, bit(word, 63), 0);  // id lies where x does, rising where y does
  }
}

void append_libcaer(const RosEventPacket& packet, std::vector<Event>& out) {
  constexpr std::int64_t rollover = std::int64_t{1} << 31;
  std::int64_t base = static_cast<std::int64_t>(checked_base(packet) / 1000);
  std::int32_t before = std::numeric_limits<std::int32_t>::min();
  const std::size_t count = count_words(packet, 8);
  Event* event = grow(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = load_le32(&packet.payload[i * 8]);
    const auto t = load_le<std::int32_t>(&packet.payload[i * 8 + 4]);
    if (t < before) base += rollover;
    before = t;
    store_event(event + i, base + t, bits(word, 17, 15), bits(word, 2, 15), bit(word, 1));
  }
}

void append_libcaer_compact(const RosEventPacket& packet, CompactState& s, std::vector<Event>& out) {
  const auto base = static_cast<std::int64_t>(checked_base(packet) / 1000);
  const std::size_t words = count_words(packet, 2), room = count_compact(packet.payload), before = out.size();
  Event* event = grow(out, room);
  std::uint32_t time = 0;  // t[23:0], which starts at 0 in each message
  std::size_t n = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint32_t word = load_le16(&packet.payload[i * 2]), content = bits(word, 0, 12);
    switch (word >> 12) {
      case TimeHigh: time = content << 12 | bits(time, 0, 12); break;
      case TimeLow: time = (time & 0xFFF000) | content; break;
      case AddrX:
        s.x = bits(content, 0, 11);
        s.has_x = true;
        break;
      case AddrY:
        if (s.has_x) store_event(event + n++, base + time, s.x, bits(content, 0, 11), bit(content, 11));
        break;
      case VectBaseY:
        s.base = bits(content, 0, 11);
        s.base_p = bit(content, 11);
        s.has_base = true;
        break;
      case Vect8: n += store_vector(s, base + time, word, event + n); break;
      default: break;  // types that are not assigned have no effect
    }
  }
  out.resize(before + n);
}

}  // namespace aestream
