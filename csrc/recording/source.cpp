// Cursor's buffering: whole blocks for consumers, exact spans for arrays.
#include "recording/source.hpp"

#include <algorithm>
#include <utility>

#include "core/interrupt.hpp"

namespace aestream {

ConstEventSpan Cursor::next() { return pending_.empty() ? next_block() : std::exchange(pending_, {}); }

ConstEventSpan Cursor::next_block() {
  if (!block_) block_ = std::make_unique_for_overwrite<Event[]>(block);
  return {block_.get(), decode({block_.get(), block})};
}

void Cursor::skip(std::uint64_t count) {
  while (count > 0) {
    check_interrupt();
    const ConstEventSpan events = next();
    if (events.empty()) return;
    if (events.size() > count) pending_ = events.subspan(count);
    count -= std::min<std::uint64_t>(count, events.size());
  }
}

std::size_t Cursor::fill(EventSpan out) {
  std::size_t done = 0;
  const auto take_pending = [&] {
    const std::size_t count = std::min(pending_.size(), out.size() - done);
    std::copy_n(pending_.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(done));
    pending_ = pending_.subspan(count);
    done += count;
  };
  take_pending();
  while (done < out.size()) {
    check_interrupt();
    if (out.size() - done >= min_room) {
      const std::size_t count = decode(out.subspan(done));
      if (count == 0) break;
      done += count;
    } else {
      pending_ = next();
      if (pending_.empty()) break;
      take_pending();
    }
  }
  return done;
}

}  // namespace aestream
