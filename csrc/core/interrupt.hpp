// How a long call ends early: its thread asks now and then whether it shall, and so do those that help it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <utility>

namespace aestream {

/// Thrown in a thread whose work nobody waits for any more. No error: who gave the work up throws that.
struct Cancelled {};

/// What check_interrupt() looks at, in each thread for itself.
struct Interrupts {
  using Clock = std::chrono::steady_clock;

  void (*ask)() = nullptr;                       // throws to end the call; null where nobody is to be asked
  const std::atomic<bool>* cancelled = nullptr;  // set by another thread
  Clock::time_point asked{};                     // the last time
  bool has_thrown = false;
};

inline constinit thread_local Interrupts interrupts;
inline constexpr std::chrono::milliseconds between_questions{50};

/// To be called at least every few milliseconds by whatever may take long; costs some 25 ns.
inline void check_interrupt() {
  if (interrupts.cancelled != nullptr && interrupts.cancelled->load(std::memory_order_relaxed)) throw Cancelled{};
  if (interrupts.ask == nullptr) return;
  const auto now = Interrupts::Clock::now();
  if (now - interrupts.asked < between_questions) return;
  interrupts.asked = now;
  interrupts.has_thrown = true;
  interrupts.ask();
  interrupts.has_thrown = false;
}

/// The same for loops over bytes or words that go by multiples of 2^20: `at` is where they are.
inline void check_interrupt_at(std::size_t at) {
  constexpr std::size_t often = std::size_t{1} << 20;
  if (at % often == 0) [[unlikely]]
    check_interrupt();
}

/// Other Interrupts for this thread, as long as this lives.
class InterruptScope {
 public:
  explicit InterruptScope(Interrupts other) : before_(std::exchange(interrupts, other)) {}
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
  ~InterruptScope() { interrupts = before_; }

 private:
  Interrupts before_;
};

/// A lock that is waited for without being deaf.
inline std::unique_lock<std::timed_mutex> lock_interruptibly(std::timed_mutex& mutex) {
  std::unique_lock lock(mutex, std::defer_lock);
  while (!lock.try_lock_for(between_questions)) check_interrupt();
  return lock;
}

}  // namespace aestream
