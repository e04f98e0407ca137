// Where events come from when they lie in a file: an index of checkpoints, and cursors that decode from any of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/event.hpp"
#include "core/mapped_file.hpp"
#include "decode/decoder.hpp"

namespace aestream {

/// A place where decoding can start.
struct Checkpoint {
  std::uint64_t offset = 0;           // bytes from the start of the file
  std::uint64_t ordinal = 0;          // events before it
  std::int64_t time_bound = no_time;  // no event before it is later than this
  State state;
};
static_assert(std::is_trivially_copyable_v<Checkpoint> && sizeof(Checkpoint) == 64);

struct Index {
  std::vector<Checkpoint> checkpoints;  // in file order; the first one is the start
  std::uint64_t num_events = 0;
  std::uint64_t cut_bytes = 0;  // of a last word or packet that the file does not hold whole
  bool has_times = false;       // time_bound, t_first and t_max are filled in, and every count was checked
  std::int64_t t_first = 0;     // of the first event; 0 if there is none
  std::int64_t t_max = 0;       // the latest of all
  std::uint64_t latest_at = 0;  // the checkpoint after which it was found
};

/// Raised when a stored index is not one of this file.
struct IndexMismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Raised when the events do not number what a file's own table, or a stored index, says.
struct CountMismatch : FormatError {
  using FormatError::FormatError;
};

/// Raised when an event is later than a file's own index of time says.
struct TimeMismatch : FormatError {
  using FormatError::FormatError;
};

struct EventArray {
  Buffer memory;
  std::size_t size = 0;
  std::uint64_t cut_bytes = 0;  // of a last word or packet that the file does not hold whole
};

/// A decoder at a place in a file. Not shared between threads.
class Cursor {
 public:
  virtual ~Cursor() = default;

  /// The next events, at most some thousands; empty at the end. Valid until the next call.
  ConstEventSpan next();

  /// Passes over `count` events, or all that are left.
  void skip(std::uint64_t count);

  /// Fills `out` but for the end of the file; returns the number of events written.
  std::size_t fill(EventSpan out);

  /// Bytes from the start of the file to what comes next.
  virtual std::uint64_t offset() const = 0;

  /// Once it is at its end: how many bytes of a last word or packet a file of `size` bytes does not hold whole.
  virtual std::uint64_t cut_bytes(std::uint64_t size) const { return size - offset(); }

 protected:
  /// Decodes at least one event unless at the end. `out` has room for `min_room`, or for all the events that are left.
  virtual std::size_t decode(EventSpan out) = 0;

  /// next() once nothing is pending: decodes into a block of its own, unless the events lie in memory already.
  virtual ConstEventSpan next_block();

  static constexpr std::size_t min_room = 64;
  static constexpr std::size_t block = 2048;

  ConstEventSpan pending_;  // what skip() or fill() left of the last span: next() hands it out first

 private:
  std::unique_ptr<Event[]> block_;
};

class Source {
 public:
  virtual ~Source() = default;

  /// With `times` the whole index; without, what load() needs, as cheaply as the format allows: counts may then be
  /// the file's own claims, which decoding checks.
  virtual Index build_index(std::size_t threads, bool times) const = 0;

  /// Whether build_index(threads, false) has to read the file.
  virtual bool must_count() const { return false; }

  /// The checkpoint of the first event, which needs no index.
  virtual Checkpoint start() const = 0;

  virtual std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const = 0;

  /// All events, or those of [start, stop), by the file's own table of counts and times, without an index: reads only what
  /// lies there, and checks the table by it. Nothing where there is no such table, or it is wrong.
  virtual std::optional<EventArray> load_as_claimed(std::size_t) const { return std::nullopt; }
  virtual std::optional<EventArray> slice_as_claimed(std::int64_t, std::int64_t, std::size_t) const {
    return std::nullopt;
  }

  /// Throws TimeMismatch if the checkpoint's time bound was a claim, and wrong. From then on build_index() makes none.
  virtual void verify(const Checkpoint&) const {}

  /// Drops the mapped pages of the events whose offsets are in [first, last), as cursors count them.
  virtual void forget(const MappedFile& file, std::uint64_t first, std::uint64_t last) const {
    file.forget(first, last);
  }

  /// How many bytes build_index() has passed over so far, for whoever watches a long one.
  std::uint64_t passed_bytes() const noexcept { return passed_bytes_.load(std::memory_order_relaxed); }

  /// Throws IndexMismatch if a stored index has a place where this source has none, or a state that it never has.
  virtual void check_places(const Index& index) const = 0;

 protected:
  void pass(std::uint64_t bytes) const noexcept { passed_bytes_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  mutable std::atomic<std::uint64_t> passed_bytes_{0};
};

}  // namespace aestream
