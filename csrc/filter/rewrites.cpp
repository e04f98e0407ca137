// Loops over whole events, which are copied anyway.
#include "filter/rewrites.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/multiversion.hpp"

namespace aestream {
namespace {

AESTREAM_MULTIVERSION
void copy_off(const Event* in, std::size_t count, Event* out) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t words[2];
    std::memcpy(words, &in[i], sizeof words);
    words[1] &= ~(std::uint64_t{0xFF} << 32);
    std::memcpy(&out[i], words, sizeof words);
  }
}

/// Those before `before` are at most `last`.
AESTREAM_MULTIVERSION
void scale_times(const Event* in, std::size_t count, std::int64_t start, double factor, std::int64_t before,
                 std::int64_t last, Event* out) {
  constexpr double most = 0x1p62;
  for (std::size_t i = 0; i < count; ++i) {
    const auto since =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(in[i].t) - static_cast<std::uint64_t>(start));
    const double scaled = std::clamp(std::rint(static_cast<double>(since) * factor), -most, most);
    const auto moved = static_cast<std::uint64_t>(static_cast<std::int64_t>(scaled));
    const auto t = static_cast<std::int64_t>(static_cast<std::uint64_t>(start) + moved);
    std::uint64_t words[2];
    std::memcpy(words, &in[i], sizeof words);
    words[0] = static_cast<std::uint64_t>(in[i].t < before ? std::min(t, last) : t);
    std::memcpy(&out[i], words, sizeof words);
  }
}

}  // namespace

std::size_t MergePolarity::apply(ConstEventSpan in, EventSpan out) {
  copy_off(in.data(), in.size(), out.data());
  return in.size();
}

std::size_t TimeScale::apply(ConstEventSpan in, EventSpan out) {
  constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min();
  const std::int64_t before = stop_ ? stop_->before : earliest, last = stop_ ? stop_->after - 1 : 0;
  scale_times(in.data(), in.size(), start_, factor_, before, last, out.data());
  return in.size();
}

}  // namespace aestream
