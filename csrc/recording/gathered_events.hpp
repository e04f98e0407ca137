// The events of a batch of windows on their way to a device: gathered by several threads, and placed in memory of the
// caller's, each window in one piece.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/buffer_pool.hpp"
#include "recording/recording.hpp"

namespace aestream {

/// What is known of the events of one window.
struct GatheredWindow {
  std::uint64_t place = 0;  // of its first event, among all
  std::uint64_t count = 0;  // behind a coordinate map
  std::int64_t base = 0;    // what the times of packed events count from
  std::int64_t first = 0;   // times of the first event and of the latest, before a map; 0 if there is none
  std::int64_t latest = 0;
};

struct Part;  // what one thread has found of a window

/// Where a batch of events belongs: memory of the caller's, which may be too small for them.
struct Destination {
  std::uint8_t* memory = nullptr;
  std::size_t capacity = 0;  // bytes
};

/// Each event takes 8 bytes, as core/packed_event.hpp has them, or its own 16. Packed coordinates above the largest that
/// fits lie at its corner: those events are outside of the sensor, and their times count.
class GatheredEvents {
 public:
  /// Decodes `windows`; `maps` has one for each, or none. Events go to `out` as they are decoded, as far as it has room.
  GatheredEvents(const Recording& recording, const std::vector<Window>& windows, std::span<const CoordinateMap> maps,
                 bool is_packed, std::size_t threads, Destination out);

  /// Whether the times of every window lie within 2^32 µs, if events are packed. What was placed is wrong otherwise.
  bool is_complete() const noexcept { return is_complete_; }

  const std::vector<GatheredWindow>& windows() const noexcept { return windows_; }
  std::uint64_t bytes() const noexcept { return size_ * width_; }

  /// Writes all events, bytes() of them, to `out`: where the first destination, which must still be there, had too little
  /// room.
  void place(std::uint8_t* out, std::size_t threads) const;

 private:
  struct Piece {
    const std::uint8_t* data;
    std::uint64_t count;
    std::uint64_t later;  // µs that its times count from, after the window's base
    std::uint64_t place;  // of its first event, among all
  };

  void add_window(std::size_t index, std::span<const Part> parts);

  std::size_t width_;  // bytes of one event
  bool is_complete_ = true;
  std::uint64_t size_ = 0;
  std::vector<GatheredWindow> windows_;
  std::vector<Piece> pieces_;
  std::vector<Buffer> memory_;
};

}  // namespace aestream
