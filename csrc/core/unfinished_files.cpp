// The handler runs in any thread and calls what POSIX allows there: getpid, unlink, sigaction, raise.
#include "core/unfinished_files.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace aestream {
namespace {

constexpr int signals[] = {SIGTERM, SIGHUP};

std::atomic<pid_t> owner{0};                // a forked child has another number
std::atomic_flag busy;                      // held for moments, by threads that block the signals meanwhile
std::vector<std::string>* paths = nullptr;  // never freed: a signal may come while the process ends

void remove_and_end(int signal) {
  if (owner.load() == ::getpid()) {
    while (busy.test_and_set(std::memory_order_acquire)) {
    }
    for (const std::string& path : *paths) ::unlink(path.c_str());
    busy.clear(std::memory_order_release);
  }
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  ::raise(signal);  // is delivered when this returns
}

/// The list, for one thread at a time, which no signal interrupts.
class Locked {
 public:
  Locked() {
    sigset_t blocked;
    ::sigemptyset(&blocked);
    for (const int signal : signals) ::sigaddset(&blocked, signal);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
    if (owner.load() != ::getpid()) start_anew();
    while (busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() {
    busy.clear(std::memory_order_release);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  /// In a child the list is its parent's, and may be held by a thread that is not there.
  static void start_anew() {
    busy.clear();
    paths = new std::vector<std::string>;
    owner = ::getpid();
  }

  sigset_t before_;
};

void replace_handlers(void (*from)(int), void (*to)(int)) {
  for (const int signal : signals) {
    struct sigaction action{};
    if (::sigaction(signal, nullptr, &action) != 0 || (action.sa_flags & SA_SIGINFO) || action.sa_handler != from)
      continue;
    action = {};
    action.sa_handler = to;
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void add_unfinished(const std::string& path) {
  const Locked locked;
  paths->push_back(path);
  replace_handlers(SIG_DFL, &remove_and_end);
}

void drop_unfinished(const std::string& path) {
  const Locked locked;
  const auto found = std::find(paths->begin(), paths->end(), path);
  if (found == paths->end()) return;
  paths->erase(found);
  if (paths->empty()) replace_handlers(&remove_and_end, SIG_DFL);
}

}  // namespace aestream
