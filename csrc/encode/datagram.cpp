// Single events to bytes.
#include "encode/datagram.hpp"

namespace aestream {
namespace {

template <class Word>
void store_le(std::uint8_t* out, Word word) {
  std::memcpy(out, &word, sizeof word);  // load_le() has made sure of the byte order
}

}  // namespace

std::size_t DatagramLayout::event_size() const {
  return format == DatagramFormat::Spif && timestamps ? 8 : min_event_size(format);
}

bool fits(const DatagramLayout& layout, const Event& event) {
  return event.x >= 0 && event.y >= 0 &&
         (event.t >= 0 || layout.format == DatagramFormat::AEStream ||
          (layout.format == DatagramFormat::Spif && !layout.timestamps));
}

void encode_event(const DatagramLayout& layout, const Event& event, std::uint8_t* out) {
  const auto x = static_cast<std::uint16_t>(event.x), y = static_cast<std::uint16_t>(event.y);
  const std::uint32_t p = event.p != 0;
  switch (layout.format) {
    case DatagramFormat::Spif: {
      const std::uint32_t word = std::uint32_t{x} << 16 | p << 15 | y;
      store_le(out, layout.timestamps ? word : word | spif_no_timestamp);
      if (layout.timestamps) store_le(out + 4, static_cast<std::uint32_t>(event.t));
      break;
    }
    case DatagramFormat::AEStream:
      store_le(out, std::uint32_t{x} << 16 | p << 15 | y | spif_no_timestamp);  // which its receivers do not look at
      break;
    case DatagramFormat::T64X16Y16On8:
      store_le(out, static_cast<std::uint64_t>(event.t));
      store_le(out + 8, x);
      store_le(out + 10, y);
      out[12] = static_cast<std::uint8_t>(p);
      break;
    case DatagramFormat::T32X16Y15On1:
      store_le(out, static_cast<std::uint32_t>(event.t));
      store_le(out + 4, x);
      store_le(out + 6, static_cast<std::uint16_t>(y << 1 | p));
      break;
  }
}

}  // namespace aestream
