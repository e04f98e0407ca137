// An accumulator behind a coordinate map.
#include "accumulate/mapped.hpp"

#include <algorithm>

namespace aestream {

void MappedAccumulator::consume(ConstEventSpan events) {
  while (!events.empty()) {
    const std::size_t count = std::min(block_, events.size());
    const std::size_t kept = map_.apply(events.first(count), mapped_);
    inner_->consume({mapped_.data(), kept});
    events = events.subspan(count);
  }
}

}  // namespace aestream
