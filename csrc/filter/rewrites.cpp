// Loops over whole events, which are copied anyway.
#include "filter/rewrites.hpp"

#include <algorithm>
#include <cmath>

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

}  // namespace

std::size_t MergePolarity::apply(ConstEventSpan in, EventSpan out) {
  copy_off(in.data(), in.size(), out.data());
  return in.size();
}

std::size_t TimeScale::apply(ConstEventSpan in, EventSpan out) {
  constexpr double most = 0x1p62;
  const auto start = static_cast<std::uint64_t>(start_);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto since = static_cast<std::int64_t>(static_cast<std::uint64_t>(in[i].t) - start);
    const double scaled = std::clamp(std::rint(static_cast<double>(since) * factor_), -most, most);
    auto t = static_cast<std::int64_t>(start + static_cast<std::uint64_t>(static_cast<std::int64_t>(scaled)));
    if (stop_ && in[i].t < stop_->before) t = std::min(t, stop_->after - 1);
    out[i] = in[i];
    out[i].t = t;
  }
  return in.size();
}

}  // namespace aestream
