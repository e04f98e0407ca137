// Each FlatBuffer is written front to back: prefix, root offset, identifier, vtable, root table, and what it points at.
#include "encode/aedat4.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace aestream {
namespace {

constexpr std::size_t max_size = 0x7FFFFFFF;  // sizes are int32 where packets have theirs
constexpr std::size_t row_bytes = 44;
constexpr std::size_t row_stride = 48;  // keeps the int64 fields aligned

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

class Writer {
 public:
  explicit Writer(std::size_t size) {
    if (size > max_size) throw std::length_error("a FlatBuffer of AEDAT4 holds at most 2^31 - 1 bytes");
    bytes_.reserve(size);
  }

  template <class T>
  void put(T value) {
    static_assert(std::is_integral_v<T>);
    std::uint8_t raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof value);
    bytes_.insert(bytes_.end(), raw, raw + sizeof raw);
  }
  void put_text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void put_vtable(std::initializer_list<std::uint16_t> entries) {
    for (const std::uint16_t entry : entries) put(entry);
  }
  void pad(std::size_t count) { bytes_.insert(bytes_.end(), count, 0); }

  /// Fills in the size prefix that begins at `at`, of a buffer that goes on for `more` bytes.
  Bytes finish(std::size_t at = 0, std::size_t more = 0) {
    const auto size = static_cast<std::uint32_t>(bytes_.size() + more - at - 4);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
};

/// Everything before the elements of a buffer whose root table holds one vector and nothing else: `packet_head` bytes.
void put_vector_head(Writer& out, std::string_view identifier, std::size_t count) {
  out.put(std::uint32_t{0});   // size prefix
  out.put(std::uint32_t{16});  // the root table is at 4 + 16
  out.put_text(identifier);
  out.pad(2);
  out.put_vtable({6, 8, 4});  // its size, the table's size, field 0 at +4
  out.put(std::int32_t{6});   // the vtable is 6 bytes before the table
  out.put(std::uint32_t{4});  // the vector is 4 bytes behind this field
  out.put(static_cast<std::uint32_t>(count));
}

}  // namespace

Bytes encode_aedat4_header(Aedat4Compression compression, std::int64_t table_position, std::string_view info_node) {
  Writer out(aedat4_magic.size() + info_node.size() + 64);
  out.put_text(aedat4_magic);
  out.put(std::uint32_t{0});   // size prefix
  out.put(std::uint32_t{24});  // the root table is 24 bytes behind the prefix
  out.put_text("IOHE");
  out.pad(6);
  out.put_vtable({10, 24, 4, 12, 8});  // its size, the table's size, fields 0 to 2
  out.put(std::int32_t{10});           // the vtable is 10 bytes before the table
  out.put(static_cast<std::int32_t>(compression));
  out.put(std::uint32_t{16});  // the string is 16 bytes behind this field
  out.put(table_position);
  out.pad(4);
  out.put(static_cast<std::uint32_t>(info_node.size()));
  out.put_text(info_node);
  out.pad(4 - info_node.size() % 4);  // a zero at least
  return out.finish(aedat4_magic.size());
}

PacketTimes encode_event_packet(ConstEventSpan events, std::uint8_t* out) {
  Writer head(packet_head + events.size_bytes());
  put_vector_head(head, "EVTS", events.size());
  std::ranges::copy(head.finish(0, events.size_bytes()), out);
  PacketTimes times{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  auto* to = reinterpret_cast<Event*>(out + packet_head);
  for (const Event& event : events) {  // as they lie, but for what their padding may hold
    store_event(to++, event.t, static_cast<std::uint16_t>(event.x), static_cast<std::uint16_t>(event.y), event.p != 0);
    times = {std::min(times.first, event.t), std::max(times.last, event.t)};
  }
  return times;
}

std::vector<std::size_t> PacketCutter::cut(ConstEventSpan events) {
  std::vector<std::size_t> borders;
  if (!has_time_ && !events.empty()) {
    first_ = events[0].t;
    begin_packet(first_);
    has_time_ = true;
  }
  std::size_t begin = 0;  // of what the open packet holds of these events
  while (true) {
    const std::size_t most = std::min(events.size() - begin, max_events_ - count_);
    const ConstEventSpan few = events.subspan(begin, most);
    const auto late = std::ranges::find_if(few, [last = last_time_](const Event& event) { return event.t > last; });
    begin += static_cast<std::size_t>(late - few.begin());
    count_ += static_cast<std::size_t>(late - few.begin());
    if (begin == events.size()) return borders;
    if (late != few.end()) begin_packet(late->t);
    borders.push_back(begin);
    count_ = 0;
  }
}

/// Spans of packets lie one after the other from the first event's time on; this is the one that holds `t`.
void PacketCutter::begin_packet(std::int64_t t) {
  const std::uint64_t left = packet_us_ - 1 - distance(first_, t) % packet_us_;
  last_time_ = distance(t, std::numeric_limits<std::int64_t>::max()) < left ? std::numeric_limits<std::int64_t>::max()
                                                                            : t + static_cast<std::int64_t>(left);
}

Bytes encode_data_table(const std::vector<TableRow>& rows) {
  constexpr std::size_t head = packet_head, vtable_bytes = 14;
  const std::size_t offsets_end = head + 4 * rows.size();
  const std::size_t first_row = (offsets_end + vtable_bytes + 3) / 8 * 8 + 4;  // 4 behind a multiple of 8
  Writer out(first_row + row_stride * rows.size());
  put_vector_head(out, "FTAB", rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.put(static_cast<std::uint32_t>(first_row + row_stride * i - (head + 4 * i)));
  }
  if (rows.empty()) return out.finish();
  out.pad(first_row - vtable_bytes - offsets_end);
  out.put_vtable({vtable_bytes, row_bytes, 12, 4, 20, 28, 36});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TableRow& row = rows[i];
    out.put(static_cast<std::int32_t>(vtable_bytes + row_stride * i));  // back to the vtable that all rows share
    out.put(std::int32_t{0});                                           // stream
    out.put(static_cast<std::int32_t>(row.size));
    out.put(row.offset);
    out.put(row.count);
    out.put(row.first_time);
    out.put(row.last_time);
    if (i + 1 < rows.size()) out.pad(row_stride - row_bytes);
  }
  return out.finish();
}

}  // namespace aestream
