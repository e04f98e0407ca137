// Runs independent tasks on a few threads and rethrows the error of the earliest task that failed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>

#include "core/interrupt.hpp"

namespace aestream {

/// Calls work() on the calling thread and on up to `helpers` others, and returns when all calls that began are done.
/// work() must share the job out itself: how many threads come to help, and when, is left to the system.
class Crew {
 public:
  virtual ~Crew() = default;
  virtual void work() noexcept = 0;
  /// Called now and then by the calling thread while it waits for others.
  virtual void wait() noexcept {}
};
void run_with_helpers(Crew& crew, std::size_t helpers);

/// From now on there are none: at the end of a program that some of them may not survive.
void dismiss_helpers() noexcept;

/// Calls task(i) for every i < count, in increasing order per thread. The calling thread works too.
/// After an error no later task is started; the error with the lowest i is rethrown, so a failure is deterministic.
/// What check_interrupt() throws in the calling thread comes before all errors, and ends the tasks of the others.
template <class Task>
void parallel_for(std::size_t count, std::size_t threads, const Task& task) {
  struct Tasks final : Crew {
    Tasks(std::size_t total, const Task& what) : count(total), task(what) {}

    void work() noexcept override {
      const bool is_helper = std::this_thread::get_id() != caller;
      if (!is_helper) return run();
      Interrupts of_helper;
      of_helper.cancelled = &interrupted;
      const InterruptScope scope(of_helper);
      run();
    }

    void wait() noexcept override {
      try {
        check_interrupt();
      } catch (...) {
        interrupt();
      }
    }

    void run() noexcept {
      while (!failed.load(std::memory_order_relaxed)) {
        const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
        if (i >= count) return;
        try {
          check_interrupt();
          task(i);
        } catch (const Cancelled&) {
          if (std::this_thread::get_id() == caller) interrupt();
          return;
        } catch (...) {
          if (interrupts.has_thrown) return interrupt();
          const std::lock_guard lock(mutex);
          if (i < first_failed) error = std::current_exception();
          first_failed = std::min(first_failed, i);
          failed = true;
        }
      }
    }

    void interrupt() noexcept {
      interrupts.has_thrown = false;
      const std::lock_guard lock(mutex);
      error = std::current_exception();
      first_failed = 0;
      failed = interrupted = true;
    }

    const std::thread::id caller = std::this_thread::get_id();
    std::size_t count;
    const Task& task;
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false}, interrupted{false};
    std::mutex mutex;
    std::size_t first_failed = SIZE_MAX;
    std::exception_ptr error;
  };
  Tasks tasks(count, task);
  run_with_helpers(tasks, std::min(threads, count) - (count == 0 || threads == 0 ? 0 : 1));
  if (tasks.error) std::rethrow_exception(tasks.error);
}

/// The number of threads to use when the user does not say: one per core that this process may run on, at most 16.
std::size_t default_threads() noexcept;

}  // namespace aestream
