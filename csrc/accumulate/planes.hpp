// The tensor of a representation with time bins: times grow, so a bin's plane is zeroed only when events come near it, and
// is still in the cache then.
#pragma once

#include <cstring>

#include "accumulate/accumulator.hpp"

namespace aestream {

/// `blocks` runs of `bins` planes, one run behind the other; bin b is zeroed in all of them at once.
template <class T>
struct Planes {
  T* data = nullptr;
  std::size_t plane = 0;  // elements
  std::size_t bins = 0;
  std::size_t blocks = 1;
  std::size_t zeroed = 0;  // bins

  void begin(void* memory, bool is_zeroed) {
    data = static_cast<T*>(memory);
    zeroed = is_zeroed ? bins : 0;
  }

  std::size_t elements() const { return plane * bins * blocks; }

  void zero_before(std::size_t bin) {
    if (bin <= zeroed) return;
    for (std::size_t block = 0; block < blocks; ++block) {
      std::memset(data + (block * bins + zeroed) * plane, 0, (bin - zeroed) * plane * sizeof(T));
    }
    zeroed = bin;
  }
};

}  // namespace aestream
