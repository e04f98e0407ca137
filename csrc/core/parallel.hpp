// Runs independent tasks on a few threads and rethrows the error of the earliest task that failed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>

namespace aestream {

/// Calls work() on the calling thread and on up to `helpers` others, and returns when all calls that began are done.
/// work() must share the job out itself: how many threads come to help, and when, is left to the system.
class Crew {
 public:
  virtual ~Crew() = default;
  virtual void work() noexcept = 0;
};
void run_with_helpers(Crew& crew, std::size_t helpers);

/// Calls task(i) for every i < count, in increasing order per thread. The calling thread works too.
/// After an error no later task is started; the error with the lowest i is rethrown, so a failure is deterministic.
template <class Task>
void parallel_for(std::size_t count, std::size_t threads, const Task& task) {
  struct Tasks final : Crew {
    Tasks(std::size_t total, const Task& what) : count(total), task(what) {}

    void work() noexcept override {
      while (!failed.load(std::memory_order_relaxed)) {
        const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
        if (i >= count) return;
        try {
          task(i);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (i < first_failed) error = std::current_exception();
          first_failed = std::min(first_failed, i);
          failed = true;
        }
      }
    }

    std::size_t count;
    const Task& task;
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false};
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
