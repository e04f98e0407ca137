// Small recordings that are one window each: read, decoded and accumulated in one go, without a mapping and without an index,
// each of which costs as much as the work itself.
#pragma once

#include <span>
#include <string>

#include "accumulate/accumulator.hpp"
#include "filter/coordinate_map.hpp"

namespace aestream {

/// Which state of a file was read.
struct FileStamp {
  std::uint64_t inode = 0, size = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

struct SmallFile {
  TimeSpan window;  // from its first event to after its latest
  FileStamp stamp;
};

/// Writes one tensor per file to `out`, one behind the other, of all its events, in the window from the first to after the
/// latest, and what it found to `files`. With maps, one per file, tensors are those of what becomes of the events.
///
/// Returns false where a file is anything but a whole recording of `format` ("bin40", "dat", "evt2", "evt3") with events: a
/// file that is missing, large, cut, damaged, empty or being written. `out` is nobody's then, and a Recording says what is the matter.
bool accumulate_small_files(std::span<const std::string> paths, const std::string& format,
                            const AccumulatorFactory& factory, std::uint8_t* out, std::span<SmallFile> files,
                            std::size_t threads, std::span<const CoordinateMap> maps);

}  // namespace aestream
