// Runs independent tasks on a few threads and rethrows the error of the earliest task that failed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace aestream {

/// Calls task(i) for every i < count, in increasing order per thread. The calling thread works too.
/// After an error no later task is started; the error with the lowest i is rethrown, so a failure is deterministic.
template <class Task>
void parallel_for(std::size_t count, std::size_t threads, const Task& task) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const std::size_t workers = std::max<std::size_t>(1, std::min(threads, count));
  struct Failure {
    std::size_t task = SIZE_MAX;
    std::exception_ptr error;
  };
  std::vector<Failure> failures(workers);
  const auto work = [&](std::size_t worker) {
    while (!failed.load(std::memory_order_relaxed)) {
      const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) return;
      try {
        task(i);
      } catch (...) {
        failures[worker] = {i, std::current_exception()};
        failed = true;
      }
    }
  };
  std::vector<std::thread> others;
  others.reserve(workers - 1);
  for (std::size_t worker = 1; worker < workers; ++worker) others.emplace_back(work, worker);
  work(0);
  for (std::thread& thread : others) thread.join();
  const auto first = std::min_element(failures.begin(), failures.end(),
                                      [](const Failure& a, const Failure& b) { return a.task < b.task; });
  if (first->error) std::rethrow_exception(first->error);
}

/// The number of threads to use when the user does not say: one per core that this process may run on, at most 16.
std::size_t default_threads() noexcept;

}  // namespace aestream
