// One file of one sensor: its index, and every way of getting its events out.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/buffer_pool.hpp"
#include "core/mapped_file.hpp"
#include "recording/window.hpp"

namespace aestream {

class Recording {
 public:
  /// `file` is what the source reads, or null if that is no file.
  /// Where it is one that changes while it is read, everything here throws FileChanged.
  Recording(std::shared_ptr<const MappedFile> file, std::unique_ptr<const Source> source);

  /// Built at the first call; later ones are free. Safe to call from several threads.
  const Index& index(std::size_t threads) const;
  /// Bytes of the file that the pass which builds the index is through with.
  std::uint64_t passed_bytes() const noexcept { return source_->passed_bytes(); }

  bool has_index() const;
  /// Takes an index that was built for the same file before, unless it has one; throws IndexMismatch, and takes none, if
  /// it was for another. Safe to call from several threads.
  void restore_index(Index index);

  /// All events. Needs no complete index, and builds none.
  EventArray load(std::size_t threads) const;

  /// The ordinals [first, second) of the events in a window.
  std::pair<std::uint64_t, std::uint64_t> find(const Window& window, std::size_t threads) const;

  /// Events [first, last) by ordinal.
  EventArray read(std::uint64_t first, std::uint64_t last, std::size_t threads) const;

  /// The events of [start, stop) by the file's own table of times, where it has one and no index was built: reads only
  /// what lies there, and checks the table by it. Nothing if there is none, or it is wrong: the index knows.
  std::optional<EventArray> read_as_claimed(std::int64_t start, std::int64_t stop, std::size_t threads) const;

  /// Writes one tensor per window to `out`, one behind the other. Returns the number of events outside the sensor. `maps`
  /// has one for each window, or none: then events stay where they are.
  std::size_t accumulate(const std::vector<Window>& windows, const AccumulatorFactory& factory, std::uint8_t* out,
                         std::size_t threads, std::span<const CoordinateMap> maps = {}) const;

  /// Writes to `out` the tensor of window i of recording i, for every i, on a few threads. Otherwise as accumulate().
  friend std::size_t accumulate_each(std::span<const std::shared_ptr<Recording>> recordings,
                                     std::span<const Window> windows, const AccumulatorFactory& factory,
                                     std::uint8_t* out, std::size_t threads, std::span<const CoordinateMap> maps);

  /// Calls task(i, cursor, ordinal) for every window, on a few threads: with a cursor that has no event of the window behind
  /// it, and the ordinal of its next event, as visit() takes them. If the file's own table turns out to be wrong, windows
  /// are visited anew.
  using Task = std::function<void(std::size_t, Cursor&, std::uint64_t)>;
  void visit_windows(const std::vector<Window>& windows, std::size_t threads, const Task& task) const;

  /// Windows that follow each other and together hold the events of `window`, of some `events` each as far as the index
  /// can tell.
  std::vector<Window> parts_of(const Window& window, std::uint64_t events, std::size_t threads) const;

  /// A cursor that has no event at or after `time` behind it; for the smallest of all times no index is needed.
  std::unique_ptr<Cursor> open(std::int64_t time, std::size_t threads) const;

  /// Whoever reads from a cursor does it inside guarded(), and asks for each block that he passes on before the end.
  void check_block() const {
    if (file_) file_->check_lost();
  }
  template <class Use>
  auto guarded(const Use& use) const {
    return file_ ? file_->guarded(use) : use();
  }

 private:
  std::unique_ptr<const Index> make_index(std::size_t threads) const;
  const Index& replace_index(const Index& refuted, std::size_t threads) const;

  /// use(index); once more, with another index, if the events refute the first.
  template <class Use>
  auto with_index(std::size_t threads, const Use& use) const;

  std::size_t accumulate(const Window& window, const Index& index, Accumulator& accumulator, std::uint8_t* out,
                         const CoordinateMap* map) const;
  std::unique_ptr<Cursor> open_window(const Checkpoint& checkpoint) const;
  Checkpoint checkpoint_before(std::int64_t start, bool by_time, const Index& index) const;
  std::uint64_t ordinal_of(std::int64_t time, const Index& index) const;
  std::pair<std::uint64_t, std::uint64_t> find(const Window& window, const Index& index) const;
  EventArray read(std::uint64_t first, std::uint64_t last, const Index& index, std::size_t threads) const;
  void fill(const Index& index, std::uint64_t first, EventSpan out, std::size_t threads) const;
  void find_times(Index& index) const;
  /// In one pass, by one thread: memory grows by what was found so far, and moves without a copy.
  EventArray load_uncounted() const;

  EventArray load_with(const Index& index, std::size_t threads) const;

  bool is_large() const;
  void forget(std::uint64_t first, std::uint64_t last) const;

  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<const Source> source_;
  mutable std::timed_mutex mutex_;
  mutable std::unique_ptr<const Index> index_;
  mutable std::atomic<bool> is_restored_{false};
  mutable std::unique_ptr<const Index> refuted_;  // which other threads may still read
};

template <class Use>
auto Recording::with_index(std::size_t threads, const Use& use) const {
  return guarded([&] {
    const Index& first = index(threads);
    try {
      return use(first);
    } catch (const TimeMismatch&) {
      return use(replace_index(first, threads));
    } catch (const CountMismatch&) {
      if (!is_restored_) throw;
      return use(replace_index(first, threads));
    }
  });
}

}  // namespace aestream
