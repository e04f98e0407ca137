// AEDAT 1.0 and 2.0 records: an address of 16 or 32 bits, then 32 bits of time.
#include "decode/aedat12.hpp"

#include "core/multiversion.hpp"
#include "decode/fixed_records.hpp"

namespace aestream {
namespace {

namespace records = fixed_records;

/// One axis of the sensor: its stored coordinates as they are, or mirrored.
struct Axis {
  std::uint32_t flip, base;

  Axis(std::uint32_t size, bool mirror) : flip(mirror ? ~std::uint32_t{0} : 0), base(mirror ? size : 0) {}
  std::uint32_t operator()(std::uint32_t stored) const { return (stored ^ flip) + base; }  // ~i + size is size - 1 - i
};

template <std::size_t address_size>
struct Record {
  static constexpr std::size_t size = address_size + 4;
  static constexpr bool only_events = false;

  Axis x, y;

  explicit Record(const Aedat12Layout& layout) : x(layout.width, layout.mirror_x), y(layout.height, layout.mirror_y) {}

  static std::uint32_t address(const std::uint8_t* in) { return address_size == 2 ? load_be16(in) : load_be32(in); }
  static std::uint32_t time(const std::uint8_t* in) { return load_be32(in + address_size); }
};

/// 15 special, 14..8 y, 7..1 x, 0 polarity, where 0 is ON. Bits above 15 are 0 in a pixel.
template <std::size_t address_size>
struct Dvs128Record : Record<address_size> {
  using Record<address_size>::Record;

  static bool is_event(const std::uint8_t* in) { return Record<address_size>::address(in) >> 15 == 0; }
  void store(const std::uint8_t* in, std::int64_t t, Event* out) const {
    const std::uint32_t address = this->address(in);
    store_event(out, t, this->x(bits(address, 1, 7)), this->y(bits(address, 8, 7)), ~address & 1);
  }
};

/// 31 APS or IMU, 30..22 y, 21..12 x, 11 polarity, 10 external input.
struct DavisRecord : Record<4> {
  using Record::Record;

  static bool is_event(const std::uint8_t* in) { return (address(in) & 0x8000'0400) == 0; }
  void store(const std::uint8_t* in, std::int64_t t, Event* out) const {
    const std::uint32_t word = address(in);
    store_event(out, t, x(bits(word, 12, 10)), y(bits(word, 22, 9)), bits(word, 11, 1));
  }
};

AESTREAM_MULTIVERSION
Progress decode_records(const Dvs128Record<2>& record, ByteSpan bytes, State& state, EventSpan out) {
  return records::decode(record, bytes, state, out);
}

AESTREAM_MULTIVERSION
Progress decode_records(const Dvs128Record<4>& record, ByteSpan bytes, State& state, EventSpan out) {
  return records::decode(record, bytes, state, out);
}

AESTREAM_MULTIVERSION
Progress decode_records(const DavisRecord& record, ByteSpan bytes, State& state, EventSpan out) {
  return records::decode(record, bytes, state, out);
}

AESTREAM_MULTIVERSION
records::Group count_records(const Dvs128Record<2>& record, const std::uint8_t* in, std::size_t count,
                             std::uint32_t before) {
  return records::count_group(record, in, count, before);
}

AESTREAM_MULTIVERSION
records::Group count_records(const Dvs128Record<4>& record, const std::uint8_t* in, std::size_t count,
                             std::uint32_t before) {
  return records::count_group(record, in, count, before);
}

AESTREAM_MULTIVERSION
records::Group count_records(const DavisRecord& record, const std::uint8_t* in, std::size_t count,
                             std::uint32_t before) {
  return records::count_group(record, in, count, before);
}

/// Calls `use` with the kind of record that the layout says.
template <class Use>
auto with_record(const Aedat12Layout& layout, const Use& use) {
  if (layout.version == 1) return use(Dvs128Record<2>(layout));
  if (layout.map == AddressMap::Dvs128) return use(Dvs128Record<4>(layout));
  return use(DavisRecord(layout));
}

}  // namespace

Progress Aedat12Decoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  return with_record(layout_, [&](const auto& record) { return decode_records(record, bytes, state, out); });
}

Scan Aedat12Decoder::scan(ByteSpan bytes, State& state, bool) const {
  return with_record(layout_, [&](const auto& record) {
    return records::scan(record, bytes, state,
                         [&record](const std::uint8_t* in, std::size_t count, std::uint32_t before) {
                           return count_records(record, in, count, before);
                         });
  });
}

State Aedat12Decoder::look_back(ByteSpan payload, std::size_t offset) const {
  return with_record(layout_, [&](const auto& record) { return records::look_back(record, payload, offset); });
}

bool Aedat12Decoder::could_leave(const State& state) const { return records::could_leave(state); }

std::size_t Aedat12Decoder::align(ByteSpan payload, std::size_t offset) const {
  return records::align(layout_.version == 1 ? 6 : 8, payload, offset);
}

}  // namespace aestream
