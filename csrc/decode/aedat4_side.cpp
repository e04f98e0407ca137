// Packets of frames, samples and triggers: tables of scalars, and one vector of pixels.
#include "decode/aedat4_side.hpp"

#include <array>
#include <string>

#include "decode/flatbuffer.hpp"

namespace aestream {
namespace {

struct PixelFormat {
  std::size_t channels, channel_bytes;
};

/// OpenCV's type codes, as far as cameras use them: depth in bits 2..0, channels - 1 above. No channels for any other.
constexpr PixelFormat pixel_format(std::int8_t code) {
  switch (code) {
    case 0: return {1, 1};
    case 2: return {1, 2};
    case 16: return {3, 1};
    case 18: return {3, 2};
    case 24: return {4, 1};
    case 26: return {4, 2};
    default: return {0, 0};
  }
}

std::size_t side(const FlatTable& frame, std::size_t index, const char* name) {
  const auto length = frame.scalar<std::int16_t>(index, 0);
  if (length < 0) {
    throw FormatError(*frame.field(index, 2),
                      std::string("expected a ") + name + " of at least 0, found " + std::to_string(length));
  }
  return static_cast<std::size_t>(length);
}

StoredFrame read_frame(ByteSpan buffer, const FlatTable& root) {
  const auto [channels, channel_bytes] = pixel_format(root.scalar<std::int8_t>(5, 0));
  const auto time = [&root](std::size_t index) { return root.scalar<std::int64_t>(index, 0); };
  StoredFrame frame{time(0), time(1), time(2), time(3), time(4), 0, 0, 0, 0, channels, channel_bytes, {}};
  frame.width = side(root, 6, "width");
  frame.height = side(root, 7, "height");
  frame.offset_x = root.scalar<std::int16_t>(8, 0);
  frame.offset_y = root.scalar<std::int16_t>(9, 0);
  if (channels == 0) return frame;
  const FlatTable::Vector pixels = root.vector(10, 1);
  const std::size_t size = frame.width * frame.height * channels * channel_bytes;
  if (pixels.count != size) {
    throw FormatError(pixels.at, "expected " + std::to_string(size) + " bytes for " + std::to_string(frame.width) +
                                     "x" + std::to_string(frame.height) + " pixels, found " +
                                     std::to_string(pixels.count));
  }
  frame.pixels = buffer.subspan(pixels.at, pixels.count);
  return frame;
}

ImuSample read_sample(const FlatTable& row) {
  const auto value = [&row](std::size_t index) { return row.scalar<float>(index, 0.0F); };
  return {row.scalar<std::int64_t>(0, 0),
          value(1),
          {value(2), value(3), value(4)},
          {value(5), value(6), value(7)},
          {value(8), value(9), value(10)}};
}

struct Source {
  std::int16_t id;
  std::uint8_t rising;
};

constexpr std::array<Source, 10> sources{{
    {-1, 1},  // reset of the clock
    {0, 1},
    {0, 0},
    {0, 1},  // external: rising, falling, pulse
    {1, 1},
    {1, 0},  // generator: rising, falling
    {2, 1},
    {2, 0},  // frame: begin, end
    {3, 1},
    {3, 0},  // exposure: begin, end
}};

Trigger read_trigger(const FlatTable& row) {
  const auto source = row.scalar<std::int8_t>(1, 0);
  if (source < 0 || static_cast<std::size_t>(source) >= sources.size()) {
    throw FormatError(*row.field(1, 1), "expected a trigger of source 0 to 9, found " + std::to_string(source));
  }
  const auto [id, rising] = sources[static_cast<std::size_t>(source)];
  return {row.scalar<std::int64_t>(0, 0), id, rising, {}};
}

/// Appends read(table) for every table in the vector of the root.
template <class Read, class Record>
void read_tables(ByteSpan packet, std::string_view identifier, const Read& read, std::vector<Record>& out) {
  with_root(packet, identifier, [&](ByteSpan, const FlatTable& root) {
    const FlatTable::Vector rows = root.vector(0, 8);  // an offset each, and behind them a table of at least 4 bytes
    for (std::size_t i = 0; i < rows.count; ++i) out.push_back(read(root.element(rows, i)));
  });
}

}  // namespace

StoredFrame read_frame_packet(ByteSpan packet) { return with_root(packet, "FRME", read_frame); }

void read_imu_packet(ByteSpan packet, std::vector<ImuSample>& out) { read_tables(packet, "IMUS", read_sample, out); }

void read_trigger_packet(ByteSpan packet, std::vector<Trigger>& out) { read_tables(packet, "TRIG", read_trigger, out); }

}  // namespace aestream
