// Time bins with whole-µs edges: an event's bin is looked up once and then kept as long as times stay between two edges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace aestream {

class TimeBins {
 public:
  /// `edges[b]` is the first time of bin b, in µs after `start`; they do not fall. What is before the first is in it.
  void set(std::int64_t start, std::vector<std::int64_t> edges) {
    start_ = start;
    edges_ = std::move(edges);
    bin_ = 0;
    low_ = 1, high_ = 0;  // nothing is between them
  }

  std::size_t find(std::int64_t t) {
    const std::uint64_t since = t < start_ ? 0 : static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(start_);
    if (since >= low_ && since < high_) [[likely]]
      return bin_;
    const auto after =
        std::upper_bound(edges_.begin() + 1, edges_.end(), since,
                         [](std::uint64_t time, std::int64_t edge) { return time < static_cast<std::uint64_t>(edge); });
    bin_ = static_cast<std::size_t>(after - edges_.begin()) - 1;
    low_ = bin_ == 0 ? 0 : static_cast<std::uint64_t>(edges_[bin_]);
    high_ = after == edges_.end() ? UINT64_MAX : static_cast<std::uint64_t>(*after);
    return bin_;
  }

 private:
  std::int64_t start_ = 0;
  std::vector<std::int64_t> edges_;
  std::size_t bin_ = 0;
  std::uint64_t low_ = 1, high_ = 0;
};

}  // namespace aestream
