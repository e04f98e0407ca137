// AEDAT4 as written: the FlatBuffers of header, event packets and data table, laid out as DV lays them out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/event.hpp"
#include "decode/aedat4.hpp"
#include "encode/bytes.hpp"

namespace aestream {

/// The version line and the header; its size does not depend on `table_position`.
Bytes encode_aedat4_header(Aedat4Compression compression, std::int64_t table_position, std::string_view info_node);

inline constexpr std::size_t packet_head = 32;  // bytes before the events

struct PacketTimes {
  std::int64_t first, last;  // the earliest and the latest
};

/// One packet before compression: a head, and the events as they are. `out` has room for both.
PacketTimes encode_event_packet(ConstEventSpan events, std::uint8_t* out);

/// Says where packets begin: each spans less than `packet_us` of the latest time so far, and holds few events.
class PacketCutter {
 public:
  PacketCutter(std::uint64_t packet_us, std::size_t max_events) : packet_us_(packet_us), max_events_(max_events) {}

  /// The first of a new packet's events, for every packet that begins among these; they follow those of earlier calls.
  std::vector<std::size_t> cut(ConstEventSpan events);

 private:
  void begin_packet(std::int64_t t);

  std::uint64_t packet_us_;
  std::size_t max_events_;
  std::size_t count_ = 0;  // events of the packet that is open
  bool has_time_ = false;
  std::int64_t first_ = 0;      // of the file
  std::int64_t last_time_ = 0;  // that the open packet may hold
};

/// A line of the data table. Times are those of the earliest and the latest event.
struct TableRow {
  std::int64_t offset = 0;  // of the payload in the file
  std::int64_t size = 0;    // of the payload as stored
  std::int64_t count = 0;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
};

/// The data table of a file with the one stream 0, before compression.
Bytes encode_data_table(const std::vector<TableRow>& rows);

}  // namespace aestream
