// Edges on the external inputs of a camera, which stand between the events of a file or in a file of their own.
#pragma once

#include <string>
#include <vector>

#include "core/bytes.hpp"

namespace aestream {

/// Row of aestream.TRIGGER_DTYPE.
struct Trigger {
  std::int64_t t;   // microseconds, on the clock of the events
  std::int16_t id;  // of the input
  std::uint8_t rising;
  std::uint8_t zero[5];
};
static_assert(sizeof(Trigger) == 16);

/// All triggers of a payload, in the file's order, but for those before the first time. A cut word at the end is left out.
/// Names: "evt2", "evt21", "evt21_legacy", "evt3", and "dat" for a file of trigger records. Throws std::invalid_argument
/// for any other.
std::vector<Trigger> read_triggers(const std::string& format, ByteSpan payload);

}  // namespace aestream
