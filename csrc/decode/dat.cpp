// DAT records: 32 bits of time, then x, y and p, packed as the version says.
#include "decode/dat.hpp"

#include "core/multiversion.hpp"
#include "decode/fixed_records.hpp"

namespace aestream {
namespace {

namespace records = fixed_records;

template <int version>
struct Record {
  static constexpr std::size_t size = 8;
  static constexpr bool only_events = true;

  static std::uint32_t time(const std::uint8_t* in) { return load_le32(in); }
  static constexpr bool is_event(const std::uint8_t*) { return true; }
  static void store(const std::uint8_t* in, std::int64_t t, Event* out) {
    const std::uint32_t word = load_le32(in + 4);
    if constexpr (version == 1) {
      store_event(out, t, bits(word, 0, 9), bits(word, 9, 8), bits(word, 17, 1));
    } else {
      store_event(out, t, bits(word, 0, 14), bits(word, 14, 14), bits(word, 28, 4) != 0);
    }
  }
};

AESTREAM_MULTIVERSION
Progress decode_version1(ByteSpan bytes, State& state, EventSpan out) {
  return records::decode(Record<1>(), bytes, state, out);
}

AESTREAM_MULTIVERSION
Progress decode_version2(ByteSpan bytes, State& state, EventSpan out) {
  return records::decode(Record<2>(), bytes, state, out);
}

AESTREAM_MULTIVERSION
records::Group count_records(const std::uint8_t* in, std::size_t count, std::uint32_t before) {
  return records::count_group(Record<2>(), in, count, before);
}

}  // namespace

Progress DatDecoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  return (version_ == 1 ? decode_version1 : decode_version2)(bytes, state, out);
}

Scan DatDecoder::scan(ByteSpan bytes, State& state, bool) const {
  return records::scan(Record<2>(), bytes, state, count_records);
}

State DatDecoder::look_back(ByteSpan payload, std::size_t offset) const {
  return records::look_back(Record<2>(), payload, offset);
}

bool DatDecoder::could_leave(const State& state) const { return records::could_leave(state); }

std::size_t DatDecoder::align(ByteSpan payload, std::size_t offset) const {
  return records::align(Record<2>::size, payload, offset);
}

}  // namespace aestream
