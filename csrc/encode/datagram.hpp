// Events to datagrams, the counterpart of decode/datagram.
#pragma once

#include "decode/datagram.hpp"

namespace aestream {

struct DatagramLayout {
  DatagramFormat format = DatagramFormat::Spif;
  bool timestamps = true;  // SPIF's may be left out; "aestream" has none; the others always have them

  /// Bytes that one event takes.
  std::size_t event_size() const;
};

/// Whether a datagram can say this event: SPIF, "aestream" and t32 have 15 bits for a coordinate, and no format has negative ones.
bool fits(const DatagramLayout& layout, const Event& event);

/// Writes the event, which must fit, to `out`, which has room for event_size(). Times of 32 bits are modulo 2^32.
void encode_event(const DatagramLayout& layout, const Event& event, std::uint8_t* out);

}  // namespace aestream
