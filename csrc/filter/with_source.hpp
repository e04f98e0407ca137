// Which of the given events each event behind a filter was.
#pragma once

#include "filter/filter.hpp"

namespace aestream {

/// As filter.apply(); writes to `source`, which is as long as `out`, the ordinal in `events` of each event that is kept.
std::size_t apply_with_source(ConstEventSpan events, Filter& filter, EventSpan out, std::int64_t* source);

}  // namespace aestream
