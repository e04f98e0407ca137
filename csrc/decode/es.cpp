// ES words: events of 5 or 8 bytes, and bytes that only add to the time or do nothing.
#include "decode/es.hpp"

#include <string>
#include <string_view>

namespace aestream {
namespace {

constexpr std::string_view magic = "Event Stream";
constexpr std::size_t header_size = 20;

struct EsState {
  std::int64_t time = 0;  // of the last word, in microseconds
};

/// A kind says how the first byte of a word is read: an event, or an overflow that adds `overflow(byte)` microseconds.
struct Dvs {
  static constexpr std::size_t size = 5;
  static constexpr bool is_event(std::uint32_t byte) { return byte < 0xFE; }
  static constexpr std::uint32_t overflow(std::uint32_t byte) { return byte == 0xFF ? 127 : 0; }  // 0xFE: reset
  static constexpr std::uint32_t delta(std::uint32_t byte) { return byte >> 1; }
  static constexpr std::uint32_t polarity(std::uint32_t byte) { return byte & 1; }
  static constexpr bool is_change(std::uint32_t) { return true; }
};

struct Atis {
  static constexpr std::size_t size = 5;
  static constexpr bool is_event(std::uint32_t byte) { return byte < 0xFC; }
  static constexpr std::uint32_t overflow(std::uint32_t byte) { return 63 * (byte & 3); }
  static constexpr std::uint32_t delta(std::uint32_t byte) { return byte >> 2; }
  static constexpr std::uint32_t polarity(std::uint32_t byte) { return byte >> 1 & 1; }
  static constexpr bool is_change(std::uint32_t byte) { return (byte & 1) == 0; }  // else a measurement of exposure
};

struct Color {
  static constexpr std::size_t size = 8;  // red, green and blue are not read
  static constexpr bool is_event(std::uint32_t byte) { return byte < 0xFE; }
  static constexpr std::uint32_t overflow(std::uint32_t byte) { return byte == 0xFF ? 254 : 0; }
  static constexpr std::uint32_t delta(std::uint32_t byte) { return byte; }
  static constexpr std::uint32_t polarity(std::uint32_t) { return 1; }
  static constexpr bool is_change(std::uint32_t) { return true; }
};

/// y as stored, or height - 1 - y: ~y + height in two's complement.
struct Mirror {
  explicit Mirror(std::uint32_t height) : flip(height == 0 ? 0 : ~std::uint32_t{0}), add(height) {}
  std::uint32_t operator()(std::uint32_t y) const { return (y ^ flip) + add; }

  std::uint32_t flip, add;
};

/// Two u16 in one word, neither of which an event's int16 can hold when its top bit is set.
constexpr bool fits(std::uint32_t xy) { return (xy & 0x8000'8000) == 0; }

[[noreturn]] void throw_misfit(std::size_t offset, std::uint32_t xy) {
  throw FormatError(offset, "expected x and y of at most 32767, found " + std::to_string(xy & 0xFFFF) + " and " +
                                std::to_string(xy >> 16));
}

/// Gives each change to sink(t, xy, p), which says whether it took it; stops before the first that it does not take.
/// Returns the bytes consumed. A word with coordinates of no sensor throws, unless one was taken before it.
template <class Kind, class Sink>
inline __attribute__((always_inline)) std::size_t walk(ByteSpan bytes, EsState& state, Sink& sink) {
  const std::uint8_t* in = bytes.data();
  const std::size_t size = bytes.size();
  std::int64_t time = state.time;
  std::size_t i = 0;
  while (i < size && sink.has_room()) {
    const std::uint32_t byte = in[i];
    if (!Kind::is_event(byte)) {
      time += Kind::overflow(byte);
      ++i;
      continue;
    }
    if (size - i < Kind::size) break;
    const std::uint32_t xy = load_le32(in + i + 1);
    if (!fits(xy)) [[unlikely]] {
      if (sink.must_fail()) throw_misfit(i, xy);
      break;
    }
    time += Kind::delta(byte);
    sink.take(time, xy, Kind::polarity(byte), Kind::is_change(byte));
    i += Kind::size;
  }
  state.time = time;
  return i;
}

struct Writer {
  Event* out;
  std::size_t capacity;
  Mirror mirror;
  std::size_t events = 0;

  bool has_room() const { return events < capacity; }
  bool must_fail() const { return events == 0; }  // what stands before a bad word comes first
  void take(std::int64_t t, std::uint32_t xy, std::uint32_t p, bool is_change) {
    store_event(out + events, t, xy & 0xFFFF, mirror(xy >> 16), p);
    events += is_change;
  }
};

struct Counter {
  std::size_t events = 0;
  std::int64_t latest = no_time;

  static constexpr bool has_room() { return true; }
  static constexpr bool must_fail() { return true; }
  void take(std::int64_t t, std::uint32_t, std::uint32_t, bool is_change) {
    events += is_change;
    latest = is_change ? t : latest;
  }
};

template <class Sink>
std::size_t walk(EsType type, ByteSpan bytes, State& state, Sink& sink) {
  auto own = state.load<EsState>();
  std::size_t consumed = 0;
  switch (type) {
    case EsType::Dvs: consumed = walk<Dvs>(bytes, own, sink); break;
    case EsType::Atis: consumed = walk<Atis>(bytes, own, sink); break;
    case EsType::Color: consumed = walk<Color>(bytes, own, sink); break;
  }
  state.store(own);
  return consumed;
}

std::string variant_of(std::uint8_t type) {
  switch (type) {
    case 1: return "dvs";
    case 2: return "atis";
    case 4: return "color";
    default: break;
  }
  const char* const name = type == 0 ? " (generic)" : type == 3 ? " (display)" : "";
  throw FormatError(15, "expected events of type 1 (DVS), 2 (ATIS) or 4 (colour), found type " + std::to_string(type) +
                            name + ": not pixel events");
}

}  // namespace

StreamHeader read_es_header(ByteSpan file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(magic)) throw FormatError(0, "expected \"Event Stream\"");
  if (file.size() < 16) {
    throw FormatError(file.size(), "expected version and type behind \"Event Stream\", found the end of the file");
  }
  if (file[12] != 2) throw FormatError(12, "expected version 2, found " + std::to_string(file[12]));
  StreamHeader header;
  header.format = "es";
  header.variant = variant_of(file[15]);
  if (file.size() < header_size) throw FormatError(16, "expected width and height, found the end of the file");
  header.fields["version"] = std::to_string(file[12]) + "." + std::to_string(file[13]) + "." + std::to_string(file[14]);
  header.width = load_le16(&file[16]);
  header.height = load_le16(&file[18]);
  for (const std::uint32_t size : {header.width, header.height}) {
    if (size == 0 || size > 32767) {
      throw FormatError(16, "expected width and height from 1 to 32767, found " + std::to_string(size));
    }
  }
  header.payload = header_size;
  return header;
}

Progress EsDecoder::decode(ByteSpan bytes, State& state, EventSpan out) const {
  Writer writer{out.data(), out.size(), Mirror(height_)};
  const std::size_t consumed = walk(type_, bytes, state, writer);
  return {consumed, writer.events};
}

bool EsDecoder::could_leave(const State& state) const {
  State own{state.wraps};
  own.store(state.load<EsState>());
  const std::int64_t time = state.load<EsState>().time;
  return state == own && time >= 0 && time <= max_state_time;
}

Scan EsDecoder::scan(ByteSpan bytes, State& state, bool) const {
  Counter counter;
  const std::size_t consumed = walk(type_, bytes, state, counter);
  return {consumed, counter.events, counter.latest};
}

}  // namespace aestream
