// Events in UDP datagrams: SPIF (SpiNNaker's, AEStream's) and faery's two layouts; see docs of UDPInput.
//
// SPIF is little-endian words of 32 bits. Event word: 31 set: no timestamp word follows; 30..16 x; 15 polarity; 14..0 y.
// A timestamp word is microseconds modulo 2^32; a last event word may lack the one that it announces. "aestream" is SPIF
// of senders that never set bit 31 and send no timestamps: every word is an event. faery's records are fixed: {t u64, x u16, y u16, on u8} and
// {t u32, x u16, y << 1 | on u16}.
#pragma once

#include <string>

#include "core/bytes.hpp"
#include "core/event.hpp"

namespace aestream {

enum class DatagramFormat { Spif, T64X16Y16On8, T32X16Y15On1, AEStream };

inline constexpr unsigned num_datagram_formats = 4;

inline constexpr std::uint32_t spif_no_timestamp = std::uint32_t{1} << 31;

/// "spif", "aestream", "t64_x16_y16_on8" or "t32_x16_y15_on1"; throws std::invalid_argument for any other.
DatagramFormat to_datagram_format(const std::string& name);

/// Fewest bytes that one event takes.
std::size_t min_event_size(DatagramFormat format);

/// The clock of one sender: what survives between its datagrams.
struct SenderClock {
  std::int64_t ahead = 0;  // of ours, by the sender's latest timestamp
  bool is_set = false;     // there was a timestamp

  /// A time modulo 2^32 as the one nearest to what the sender's clock should show, and never below 0.
  std::int64_t unwrap(std::uint32_t stamp, std::int64_t arrival_us) noexcept;
};

struct Datagram {
  std::size_t events = 0;     // written
  bool is_malformed = false;  // bytes after them are no event
};

/// Decodes whole events up to the first damage. `out` has room for bytes.size() / min_event_size(). An event without a
/// timestamp gets the time of arrival: on the sender's clock if it has shown one, else `arrival_us`.
Datagram decode_datagram(DatagramFormat format, ByteSpan bytes, SenderClock& clock, std::int64_t arrival_us,
                         EventSpan out);

}  // namespace aestream
