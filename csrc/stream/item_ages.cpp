// A ring of ages, and its quantiles when somebody asks.
#include "stream/item_ages.hpp"

#include <algorithm>
#include <cmath>

namespace aestream {

void ItemAges::add(std::chrono::steady_clock::duration age) {
  ages_us_[count_++ % room] = std::chrono::duration<float, std::micro>(age).count();
}

double ItemAges::quantile_us(double part) {
  const std::size_t held = std::min(count_, room);
  if (held == 0) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(held))) - 1;
  const auto begin = ages_us_.begin(), wanted = begin + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(begin, wanted, begin + static_cast<std::ptrdiff_t>(held));
  return static_cast<double>(*wanted);
}

}  // namespace aestream
