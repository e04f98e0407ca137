// Fuzzes columns of any type and place: packed whole, in parts and row by row, and the latest of their times.
#include "decode/columns.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

using fuzz::require;

constexpr std::size_t head = 17;  // four bytes for each column, and one for the unit of time
constexpr Units units[] = {{1, 0}, {1e6, 0, Off::Zero}, {1000, -7}, {1, INT64_MAX, Off::MinusOne}, {1e-3, INT64_MIN}};

Column read_column(const std::uint8_t* head_bytes, ByteSpan bytes) {
  constexpr const char* types[] = {"|b1", "|i1", "<i2", "<i4", "<i8", "|u1", ">u2", "<u4",
                                   ">u8", "<f2", "<f4", ">f4", "<f8", ">f8", "<u2", ">i8"};
  Column column{bytes, head_bytes[1], head_bytes[2]};
  require(set_type(column, types[head_bytes[0] % std::size(types)]), "every type of a column is known");
  return column;
}

std::uint64_t rows_of(const Columns& columns, std::size_t most) {
  std::uint64_t rows = 0;
  while (rows < most && columns.hold(rows + 1)) ++rows;
  return rows;
}

void check(ByteSpan bytes) {
  if (bytes.size() < head) return;
  const std::vector<std::uint8_t> data(bytes.begin() + head, bytes.end());
  const auto column = [&](std::size_t i) { return read_column(&bytes[4 * i], data); };
  const Columns columns{column(0), column(1), column(2), column(3), units[bytes[16] % std::size(units)]};
  const std::uint64_t rows = rows_of(columns, 2000);
  require(!columns.hold(UINT64_MAX) || columns.t.stride * columns.x.stride * columns.y.stride * columns.p.stride == 0,
          "no memory holds all rows");
  std::vector<Event> events(rows);
  try {
    pack(columns, 0, events);
  } catch (const FormatError& error) {
    require(error.offset() < data.size(), "an error lies within the bytes");
    std::uint64_t sound = 0;  // rows before the first that does not fit
    try {
      for (Event one; sound < rows; ++sound) pack(columns, sound, {&one, 1});
      require(false, "the row that does not fit is refused alone, too");
    } catch (const FormatError&) {
      events.resize(sound);
      pack(columns, 0, events);
    }
  }
  std::int64_t latest = no_time;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Event one;
    pack(columns, i, {&one, 1});
    require(one.t == events[i].t && one.x == events[i].x && one.y == events[i].y && one.p == events[i].p,
            "a row is the same alone");
    require(one.p <= 1 && one.zero[0] == 0 && one.zero[1] == 0 && one.zero[2] == 0, "polarity is a bit, padding zero");
    latest = std::max(latest, one.t);
  }
  require(latest_time(columns, 0, events.size()) == latest, "the latest time is that of an event");
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_columns(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
