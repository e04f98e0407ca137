// Windows of events, and the one implementation of the rule that says which events lie in one.
#pragma once

#include <cstdint>
#include <functional>

#include "accumulate/accumulator.hpp"
#include "filter/coordinate_map.hpp"
#include "recording/source.hpp"

namespace aestream {

/// Events [start, stop): microseconds, or ordinals. A window of time begins with the first event that is not before
/// `start` and ends before the first one after it that is not before `stop`, so windows partition a file in which
/// times step back, too.
struct Window {
  std::int64_t start = 0;
  std::int64_t stop = 0;
  bool by_time = true;
};

/// How many events stand before the first one that is not before `time`.
std::size_t count_before(ConstEventSpan events, std::int64_t time);

/// Hands the events of `window` to `consume`, block by block. `ordinal` is that of the cursor's next event; every event
/// before it must be before the window. Stops early when `consume` returns false. Returns the ordinal of the event after
/// the last one that was handed over.
std::uint64_t visit(Cursor& cursor, std::uint64_t ordinal, const Window& window,
                    const std::function<bool(ConstEventSpan)>& consume);

struct Accumulated {
  std::uint64_t stop = 0;     // ordinal of the first event behind the window
  std::uint64_t outside = 0;  // events outside the sensor
};

/// A cursor that stands where another one stood at first.
using Reopen = std::function<std::unique_ptr<Cursor>()>;

/// visit(), into one tensor. A window by count has no times of its own: it lasts from its first event to after its
/// latest. With a map the tensor is that of what becomes of the events, on the sensor of the map's end: those that the map
/// drops count for the times of a window by count, and nowhere else. Where the accumulator has to know the events' times
/// before it sees them, they are collected; with `again` not more than some 32 MiB: a longer window is decoded twice.
Accumulated accumulate(Cursor& cursor, std::uint64_t ordinal, const Window& window, Accumulator& accumulator,
                       std::uint8_t* out, const CoordinateMap* map = nullptr, const Reopen& again = nullptr);

/// task(i, accumulator) for every i < count, on a few threads that have one accumulator each.
void for_each_window(std::size_t count, const AccumulatorFactory& factory, std::size_t threads,
                     const std::function<void(std::size_t, Accumulator&)>& task);

}  // namespace aestream
