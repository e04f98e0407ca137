// AEDAT4 (DV): FlatBuffers in a thin shell of packets. Spec: docs.inivation.com, "AEDAT 4.0".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/event.hpp"

namespace aestream {

inline constexpr std::string_view aedat4_magic = "#!AER-DAT4.0\r\n";

/// 1 and 2 decode alike, and so do 3 and 4.
enum class Aedat4Compression : std::int32_t { None, Lz4, Lz4High, Zstd, ZstdHigh };

struct Aedat4Header {
  Aedat4Compression compression = Aedat4Compression::None;
  std::int64_t table_position = -1;  // of the data table; -1 for a recording that was not closed
  std::string info_node;             // XML
  std::size_t info_position = 0;
  std::size_t packets = 0;  // where the first packet begins
};

Aedat4Header read_aedat4_header(ByteSpan file);

/// Where the packets of a file lie, and whose they may be.
struct Aedat4Layout {
  std::size_t begin = 0;
  std::int64_t table_position = -1;
  std::vector<std::int32_t> streams;  // that the header declares, in ascending order
};

struct Packet {
  std::size_t offset = 0;  // of its header
  std::int32_t stream = 0;
  ByteSpan payload;

  std::size_t begin() const noexcept { return offset + 8; }
  std::size_t end() const noexcept { return begin() + payload.size(); }
};

/// Goes from packet to packet. Ends at the data table, whether or not the header knows where that is, at the end of the
/// file, or at a packet that the file does not hold whole.
class PacketWalk {
 public:
  PacketWalk(ByteSpan file, const Aedat4Layout& layout, std::size_t at) : file_(file), layout_(&layout), at_(at) {}

  /// Throws FormatError for a negative size and for a stream that is not declared.
  std::optional<Packet> next();

  std::size_t offset() const noexcept { return at_; }
  std::size_t cut_bytes() const noexcept { return cut_bytes_; }
  /// The data table as stored, once next() has come to it.
  ByteSpan table() const noexcept { return table_; }

 private:
  bool at_table(ByteSpan rest) const;

  ByteSpan file_;
  const Aedat4Layout* layout_;
  std::size_t at_;
  std::size_t cut_bytes_ = 0;
  ByteSpan table_;
};

/// The events of an inflated EventPacket, 16 bytes each, of any alignment, as stored. Errors count from its first byte.
ByteSpan packet_events(ByteSpan packet);

/// The latest time of stored events; `no_time` if there are none.
std::int64_t latest_of(ByteSpan stored);

/// How many stored events come before the first that is at `time` or later.
std::size_t count_before(ByteSpan stored, std::int64_t time);

/// Copies stored events; what is not 0 becomes polarity 1, and the padding zero.
void copy_events(ByteSpan stored, Event* out);

/// A line of the data table: where a packet's payload lies, how many events it should hold and until when.
struct TableEntry {
  std::int64_t offset = 0;
  std::int32_t stream = 0;
  std::int32_t size = 0;
  std::int64_t count = -1;  // -1 when the table does not say
  std::optional<std::int64_t> last_time;
};

/// The lines of an inflated data table.
std::vector<TableEntry> read_data_table(ByteSpan table);

}  // namespace aestream
