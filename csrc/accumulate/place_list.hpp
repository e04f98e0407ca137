// The elements of a tensor that had an event, each once: appended without a branch, which nobody could predict.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/buffer_pool.hpp"

namespace aestream {

class PlaceList {
 public:
  void clear() { size_ = 0; }

  /// Where up to `more` places may be written, behind those that there are; add() says how many were.
  std::uint32_t* reserve(std::size_t more) {
    const std::size_t needed = (size_ + more) * sizeof(std::uint32_t);
    if (needed > memory_.size()) {
      Buffer larger(std::max({needed, 2 * memory_.size(), at_first * sizeof(std::uint32_t)}));
      std::copy_n(memory_.as<const std::uint32_t>(), size_, larger.as<std::uint32_t>());
      memory_ = std::move(larger);
    }
    return memory_.as<std::uint32_t>() + size_;
  }

  void add(std::size_t count) { size_ += count; }

  std::span<const std::uint32_t> places() const { return {memory_.as<const std::uint32_t>(), size_}; }

 private:
  static constexpr std::size_t at_first = 4096;

  Buffer memory_;
  std::size_t size_ = 0;
};

}  // namespace aestream
