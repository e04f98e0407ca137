// Filters that keep every event and write one of its fields anew.
#pragma once

#include <optional>

#include "filter/filter.hpp"

namespace aestream {

/// Makes all events OFF.
class MergePolarity final : public Filter {
 public:
  std::size_t apply(ConstEventSpan in, EventSpan out) override;
};

/// Times as far from `start` as `factor` says, to the nearest µs, halves to even ones; what was before `stop` is before
/// `new_stop` then, however it is rounded.
class TimeScale final : public Filter {
 public:
  struct Stop {
    std::int64_t before = 0, after = 0;
  };

  TimeScale(double factor, std::int64_t start, std::optional<Stop> stop)
      : factor_(factor), start_(start), stop_(stop) {}
  std::size_t apply(ConstEventSpan in, EventSpan out) override;

 private:
  double factor_;
  std::int64_t start_;
  std::optional<Stop> stop_;
};

}  // namespace aestream
