// An index as bytes, and what such bytes have to show before they are believed: they may be of another file, or of nobody.
#pragma once

#include <string>
#include <string_view>

#include "recording/source.hpp"

namespace aestream {

std::string pack_index(const Index& index);

/// Throws IndexMismatch if the bytes are no index, or its numbers are in no order.
Index unpack_index(std::string_view bytes);

/// Throws IndexMismatch unless the index is one that `source` could have built. All of its places are compared with the
/// file's size; of some stretches between checkpoints, the first and the last among them, the events are decoded.
void verify_index(const Source& source, const Index& index);

/// What a source asks of places: within [begin, end), and so close to each other that they can hold the events between.
struct PlaceLimits {
  std::uint64_t begin, end;
  std::uint64_t events_per_byte;
  std::uint64_t always_allowed = 0;  // events in a stretch, whatever its bytes
};
void check_places(const Index& index, const PlaceLimits& limits);

}  // namespace aestream
