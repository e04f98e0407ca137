// Fuzzes what a stored index may claim: bytes that somebody has changed are refused, or at least do no harm.
//
// A seed of four bytes chooses the source. Then come a count and as many changes of the packed index, ten bytes each: the
// number of a 64-bit word (from the end where it is negative), and what it becomes. What follows is the file.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "accumulate/frame.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/sources.hpp"
#include "recording/recording.hpp"
#include "recording/stored_index.hpp"

namespace aestream {
namespace {

constexpr std::size_t change_size = 10, most_changes = 8;
constexpr Geometry sensor{64, 48};

void change(std::string& packed, ByteSpan changes) {
  const std::size_t words = packed.size() / 8;
  for (std::size_t i = 0; i < changes.size(); i += change_size) {
    const auto number = static_cast<std::int16_t>(load_le16(&changes[i]));
    const std::size_t at = number < 0 ? words - 1 - static_cast<std::size_t>(-(number + 1)) % words
                                      : static_cast<std::size_t>(number) % words;
    std::memcpy(packed.data() + at * 8, &changes[i + 2], 8);
  }
}

/// Everything that believes an index.
void use(const Recording& recording) {
  const Index& index = recording.index(1);
  const std::uint64_t count = index.num_events;
  recording.load(1);
  recording.read(count / 3, count - count / 3, 1);
  const std::int64_t span = index.t_max - index.t_first;
  fuzz::require(span >= 0 || count == 0, "an index that is believed has its times in order");
  const std::vector<Window> windows{
      {index.t_first, index.t_max, true},
      {index.t_first + span / 2, index.t_max, true},
      {0, static_cast<std::int64_t>(count), false},
      {static_cast<std::int64_t>(count / 2), static_cast<std::int64_t>(count), false},
  };
  const auto frame = std::make_shared<Frame>(Frame::Polarity::Split, Element::UInt8, std::nullopt);
  Buffer out(windows.size() * frame->elements(sensor));
  recording.accumulate(windows, make_accumulators(frame, sensor), out.as<std::uint8_t>(), 1);
  const auto cursor = recording.open(index.t_first + span / 2, 1);
  while (!cursor->next().empty()) continue;
}

void check(ByteSpan bytes) {
  if (bytes.size() < 5) return;
  const std::uint32_t seed = load_le32(bytes.data());
  const std::size_t changes = std::min<std::size_t>(bytes[4] % (most_changes + 1), (bytes.size() - 5) / change_size);
  const auto file = fuzz::map_bytes(bytes.subspan(5 + changes * change_size));
  std::string packed = pack_index(Recording(file, fuzz::open_source(file, seed)).index(1));
  change(packed, bytes.subspan(5, changes * change_size));
  Recording recording(file, fuzz::open_source(file, seed));
  try {
    recording.restore_index(unpack_index(packed));
  } catch (const IndexMismatch&) {
    return;
  }
  use(recording);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_index(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
