// What keeps a mapped file that shrinks from killing the process: where its bytes are gone a signal handler puts zeros, and
// remembers that it did. Nothing is thrown or jumped out of: whoever reads goes on, and asks afterwards.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace aestream {

/// A mapping that the handler of SIGBUS knows, from when this is made until it is destroyed.
class MapGuard {
 public:
  MapGuard(const std::uint8_t* data, std::size_t size);
  MapGuard(const MapGuard&) = delete;
  MapGuard& operator=(const MapGuard&) = delete;
  ~MapGuard();

  /// Whether bytes were gone when somebody read them; from the first such one on all are zeros.
  bool is_lost() const noexcept { return range_->is_lost.load(std::memory_order_acquire); }

  /// Puts the handler in front of one that came after it: torch's workers set their own. What it does not know goes there.
  static void install();

  struct Range {
    std::atomic<std::uintptr_t> begin{0}, end{0};  // empty: free
    std::atomic<bool> is_lost{false};
    Range* next = nullptr;
  };

 private:
  Range* range_;
};

}  // namespace aestream
