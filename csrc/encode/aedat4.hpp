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

/// One packet before compression: 32 bytes and the events as they are.
Bytes encode_event_packet(ConstEventSpan events);

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
