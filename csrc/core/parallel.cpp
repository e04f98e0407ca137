// The helper threads behind parallel_for. They wait for work instead of being made for it: a thread takes milliseconds to
// start on a busy machine, a frame microseconds.
#include "core/parallel.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>

/// Cores of this process's affinity mask: containers often have fewer than the machine. 0 if it cannot be read.
static std::size_t allowed_cores() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? static_cast<std::size_t>(CPU_COUNT(&allowed)) : 0;
}
#else
static std::size_t allowed_cores() { return 0; }
#endif

namespace aestream {
namespace {

constexpr std::size_t max_helpers = 63;

class Helpers {
 public:
  void run(Crew& crew, std::size_t helpers) {
    Call call{crew};
    {
      const std::lock_guard lock(mutex_);
      while (threads_.size() < helpers) threads_.emplace_back([this] { serve(); });
      for (std::size_t i = 0; i < helpers; ++i) calls_.push_back(&call);
    }
    for (std::size_t i = 0; i < helpers; ++i) called_.notify_one();
    crew.work();
    std::unique_lock lock(mutex_);
    std::erase(calls_, &call);  // who has not come yet is not waited for
    while (!done_.wait_for(lock, between_questions, [&call] { return call.active == 0; })) {
      lock.unlock();
      crew.wait();
      lock.lock();
    }
  }

 private:
  struct Call {
    Crew& crew;
    std::size_t active = 0;  // helpers inside work()
  };

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      called_.wait(lock, [this] { return !calls_.empty(); });
      Call& call = *calls_.front();
      calls_.pop_front();
      ++call.active;
      lock.unlock();
      call.crew.work();
      lock.lock();
      if (--call.active == 0) done_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable called_, done_;
  std::deque<Call*> calls_;  // one entry per helper that is wanted
  std::vector<std::thread> threads_;
};

Helpers* helpers = nullptr;  // never destroyed: its threads wait until the process ends
std::once_flag made;
std::atomic<bool> dismissed{false};

/// A forked child has none of its parent's threads, and may have its lock held.
void make_helpers() { helpers = new Helpers; }

}  // namespace

void dismiss_helpers() noexcept { dismissed = true; }

void run_with_helpers(Crew& crew, std::size_t count) {
  if (count == 0 || dismissed) return crew.work();
  std::call_once(made, [] {
    make_helpers();
    pthread_atfork(nullptr, nullptr, make_helpers);
  });
  helpers->run(crew, std::min(count, max_helpers));
}

std::size_t default_threads() noexcept {
  const std::size_t allowed = allowed_cores();
  const std::size_t cores = allowed != 0 ? allowed : std::max(1u, std::thread::hardware_concurrency());
  return std::min<std::size_t>(cores, 16);
}

}  // namespace aestream
