// Time bins with whole-µs edges: a bin is looked up once for all events that follow each other in it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace aestream {

class TimeBins {
 public:
  /// `edges[b]` is the first time of bin b, in µs after `start`; they do not fall. What is before the first is in it.
  void set(std::int64_t start, std::vector<std::int64_t> edges) {
    start_ = start;
    edges_ = std::move(edges);
  }

  /// The bin of some time, and from when to when times are in it.
  struct Run {
    std::size_t bin;
    std::int64_t first, last;

    bool has(std::int64_t t) const { return t >= first && t <= last; }
  };

  Run run_of(std::int64_t t) const {
    const std::uint64_t since = t < start_ ? 0 : static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(start_);
    const auto after =
        std::upper_bound(edges_.begin() + 1, edges_.end(), since,
                         [](std::uint64_t time, std::int64_t edge) { return time < static_cast<std::uint64_t>(edge); });
    const auto bin = static_cast<std::size_t>(after - edges_.begin()) - 1;
    const std::uint64_t low = bin == 0 ? 0 : static_cast<std::uint64_t>(edges_[bin]);
    constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    return {bin, low == 0 ? earliest : at(low),
            after == edges_.end() ? latest : at(static_cast<std::uint64_t>(*after) - 1)};
  }

 private:
  /// The time so long after the start, or the latest there is.
  std::int64_t at(std::uint64_t since) const {
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    const std::uint64_t most = static_cast<std::uint64_t>(latest) - static_cast<std::uint64_t>(start_);
    return since > most ? latest : static_cast<std::int64_t>(static_cast<std::uint64_t>(start_) + since);
  }

  std::int64_t start_ = 0;
  std::vector<std::int64_t> edges_;
};

}  // namespace aestream
