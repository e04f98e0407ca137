// Everything of AEDAT4 but the XML: header, packets, event vectors and the data table, bounds-checked.
#include "decode/aedat4.hpp"

#include <algorithm>

#include "core/multiversion.hpp"
#include "decode/decoder.hpp"
#include "decode/flatbuffer.hpp"

namespace aestream {
namespace {

constexpr std::size_t event_bytes = sizeof(Event);
constexpr std::size_t max_info = std::size_t{4} << 20;  // bytes of XML: cameras write some thousand
constexpr std::uint32_t lz4_magic = 0x184D2204;
constexpr std::uint32_t zstd_magic = 0xFD2FB528;

void read_io_header(Aedat4Header& header, ByteSpan buffer, const FlatTable& root) {
  const auto compression = root.scalar<std::int32_t>(0, 0);
  if (compression < 0 || compression > 4) {
    throw FormatError(*root.field(0, 4), "expected compression 0 to 4, found " + std::to_string(compression));
  }
  header.compression = static_cast<Aedat4Compression>(compression);
  header.table_position = root.scalar<std::int64_t>(1, -1);
  if (!root.field(2, 4)) throw FormatError(0, "expected an infoNode, found none");
  const FlatTable::Vector info = root.vector(2, 1);
  if (info.count > max_info) {
    throw FormatError(info.at, "expected an infoNode of at most " + std::to_string(max_info) + " bytes, found " +
                                   std::to_string(info.count));
  }
  header.info_node.assign(reinterpret_cast<const char*>(buffer.data()) + info.at, info.count);
  header.info_position = info.at;
}

constexpr std::size_t group = 32;  // events that share one look

/// Copies events as they are. Returns whether polarity or padding of any is something else than 0 or 1 and zeros.
AESTREAM_MULTIVERSION bool copy_raw(const std::uint8_t* stored, Event* out, std::size_t count) {
  std::uint64_t seen[2] = {0, 0};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t words[2] = {load_le64(stored + event_bytes * i), load_le64(stored + event_bytes * i + 8)};
    std::memcpy(out + i, words, sizeof words);
    seen[0] |= words[0];
    seen[1] |= words[1];
  }
  return seen[1] >> 33 != 0;
}

AESTREAM_MULTIVERSION std::int64_t latest_raw(const std::uint8_t* stored, std::size_t count) {
  std::int64_t latest = no_time;
  for (std::size_t i = 0; i < count; ++i) {
    latest = std::max(latest, static_cast<std::int64_t>(load_le64(stored + event_bytes * i)));
  }
  return latest;
}

}  // namespace

Aedat4Header read_aedat4_header(ByteSpan file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(aedat4_magic)) throw FormatError(0, "expected version line \"#!AER-DAT4.0\"");
  const std::size_t begin = aedat4_magic.size(), rest = file.size() - begin;
  if (rest < 4) throw FormatError(begin, "expected the size of the header, found the end of the file");
  const std::size_t size = load_le32(&file[begin]);
  if (size > rest - 4) {
    throw FormatError(
        begin, "expected a header of at most " + std::to_string(rest - 4) + " bytes, found " + std::to_string(size));
  }
  Aedat4Header header;
  try {
    with_root(file.subspan(begin, 4 + size), "IOHE",
              [&](ByteSpan buffer, const FlatTable& root) { read_io_header(header, buffer, root); });
  } catch (const FormatError& error) {
    throw error.shifted(begin);
  }
  header.info_position += begin + 4;
  header.packets = begin + 4 + size;
  return header;
}

bool PacketWalk::at_table(ByteSpan rest) const {
  const bool named = layout_->table_position >= 0 && at_ == static_cast<std::uint64_t>(layout_->table_position);
  if (rest.size() < 12) return named;
  const std::uint32_t first = load_le32(&rest[0]);
  const bool looks_so = first == lz4_magic || first == zstd_magic || std::memcmp(&rest[8], "FTAB", 4) == 0;
  return looks_so && (named || !std::ranges::binary_search(layout_->streams, load_le<std::int32_t>(&rest[0])));
}

std::optional<Packet> PacketWalk::next() {
  const ByteSpan rest = file_.subspan(std::min(at_, file_.size()));
  if (rest.empty()) return std::nullopt;
  if (at_table(rest)) {
    table_ = rest;
    return std::nullopt;
  }
  cut_bytes_ = rest.size();
  if (rest.size() < 8) return std::nullopt;
  // What a file system leaves of a recorder that was killed: no packet is of 0 bytes, so it is one that was never written.
  if (load_le64(&rest[0]) == 0 && std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; })) {
    return std::nullopt;
  }
  const auto stream = load_le<std::int32_t>(&rest[0]), size = load_le<std::int32_t>(&rest[4]);
  if (!std::ranges::binary_search(layout_->streams, stream)) {
    throw FormatError(at_, "expected a stream that the header declares, found stream " + std::to_string(stream));
  }
  if (size < 0) throw FormatError(at_ + 4, "expected a packet size of at least 0, found " + std::to_string(size));
  if (static_cast<std::size_t>(size) > rest.size() - 8) return std::nullopt;
  cut_bytes_ = 0;
  const Packet packet{at_, stream, rest.subspan(8, static_cast<std::size_t>(size))};
  at_ = packet.end();
  return packet;
}

ByteSpan packet_events(ByteSpan packet) {
  return with_root(packet, "EVTS", [](ByteSpan buffer, const FlatTable& root) {
    const FlatTable::Vector events = root.vector(0, event_bytes);
    return buffer.subspan(events.at, events.count * event_bytes);
  });
}

std::int64_t latest_of(ByteSpan stored) { return latest_raw(stored.data(), stored.size() / event_bytes); }

std::size_t count_before(ByteSpan stored, std::int64_t time) {
  const std::size_t count = stored.size() / event_bytes;
  std::size_t i = 0;
  while (i + group <= count && latest_raw(stored.data() + event_bytes * i, group) < time) i += group;
  while (i < count && load_le<std::int64_t>(&stored[event_bytes * i]) < time) ++i;
  return i;
}

void copy_events(ByteSpan stored, Event* out) {
  const std::size_t count = stored.size() / event_bytes;
  if (!copy_raw(stored.data(), out, count)) return;
  for (Event* event = out; event != out + count; ++event) {
    store_event(event, event->t, static_cast<std::uint16_t>(event->x), static_cast<std::uint16_t>(event->y),
                event->p != 0);
  }
}

std::vector<TableEntry> read_data_table(ByteSpan table) {
  return with_root(table, "FTAB", [](ByteSpan buffer, const FlatTable& root) {
    const FlatTable::Vector rows = root.vector(0, 4);
    std::vector<TableEntry> entries;
    entries.reserve(rows.count);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const FlatTable row = root.element(rows, i);
      TableEntry entry{row.scalar<std::int64_t>(0, 0), 0, 0, row.scalar<std::int64_t>(2, -1), std::nullopt};
      if (row.field(4, 8)) entry.last_time = row.scalar<std::int64_t>(4, 0);
      if (const auto info = row.field(1, 8)) {
        entry.stream = load_le<std::int32_t>(&buffer[*info]);
        entry.size = load_le<std::int32_t>(&buffer[*info + 4]);
      }
      entries.push_back(entry);
    }
    return entries;
  });
}

}  // namespace aestream
