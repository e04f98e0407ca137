// Events that already lie in memory, as a source and as windows.
#pragma once

#include <optional>
#include <vector>

#include "recording/window.hpp"

namespace aestream {

/// The events must outlive it and its cursors.
class ArraySource final : public Source {
 public:
  explicit ArraySource(ConstEventSpan events) : events_(events) {}

  Index build_index(std::size_t threads, bool times) const override;
  Checkpoint start() const override { return {}; }
  std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const override;
  void check_places(const Index&) const override {}  // nobody stores its index

 private:
  ConstEventSpan events_;
};

/// Writes one tensor per window to `out`, one behind the other. Returns the number of events outside the sensor.
/// All windows are of time, or all by count. Reads the events once where windows of time follow each other and times step
/// back within one window only.
std::size_t accumulate(ConstEventSpan events, const std::vector<Window>& windows, const AccumulatorFactory& factory,
                       std::uint8_t* out, std::size_t threads);

/// Writes one tensor of all events to `out`; [start_us, stop_us) scales their times, by default from the first to after
/// the latest. Returns the number outside. A large tensor is cleared by several threads.
std::size_t accumulate_all(ConstEventSpan events, std::optional<std::int64_t> start_us,
                           std::optional<std::int64_t> stop_us, Accumulator& accumulator, std::uint8_t* out,
                           std::size_t threads);

}  // namespace aestream
