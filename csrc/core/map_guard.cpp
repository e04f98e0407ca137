// The handler reads a list that only grows; ranges that are free again are used again.
#include "core/map_guard.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <vector>

namespace aestream {
namespace {

using Range = MapGuard::Range;

std::atomic<Range*> ranges{nullptr};
std::atomic<bool> is_passing_on{false};
std::uintptr_t page_size = 4096;
struct sigaction previous{};  // whose signals those that are not ours are

/// Never destroyed: files may be closed after the end of main(). Held over fork(), so that a child finds it free.
struct Books {
  std::mutex mutex;
  std::vector<Range*> free;
};

Books& books() {
  static Books* const made = [] {
    page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    pthread_atfork([] { books().mutex.lock(); }, [] { books().mutex.unlock(); }, [] { books().mutex.unlock(); });
    return new Books;
  }();
  return *made;
}

/// The flag comes first: another thread may read the zeros without a signal.
bool replace_by_zeros(std::uintptr_t address) {
  for (Range* range = ranges.load(std::memory_order_acquire); range != nullptr; range = range->next) {
    const std::uintptr_t end = range->end.load(std::memory_order_acquire);
    if (address < range->begin.load(std::memory_order_acquire) || address >= end) continue;
    if (range->end.load(std::memory_order_acquire) != end) continue;  // another file's by now, and so not this one
    range->is_lost.store(true, std::memory_order_release);
    const std::uintptr_t first = address / page_size * page_size;
    void* const place = reinterpret_cast<void*>(first);  // NOLINT(performance-no-int-to-ptr)
    return mmap(place, end - first, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
  }
  return false;
}

/// A handler that ends by raising the signal anew, as Python's faulthandler does, finds the default here.
void pass_on(int signal, siginfo_t* info, void* context) {
  const bool is_default =
      (previous.sa_flags & SA_SIGINFO) == 0 && (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN);
  if (is_default || is_passing_on.exchange(true)) {
    ::signal(signal, SIG_DFL);
    if (info->si_code <= 0) raise(signal);  // a fault comes again by itself
    return;
  }
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else {
    previous.sa_handler(signal);
  }
  is_passing_on = false;
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool is_fault = info->si_code > 0;
  if (!is_fault || !replace_by_zeros(reinterpret_cast<std::uintptr_t>(info->si_addr))) pass_on(signal, info, context);
  errno = error;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_bus_error;
}

}  // namespace

void MapGuard::install() {
  struct sigaction current{};
  if (sigaction(SIGBUS, nullptr, &current) != 0 || is_ours(current)) return;
  const std::lock_guard lock(books().mutex);
  if (sigaction(SIGBUS, nullptr, &current) != 0 || is_ours(current)) return;
  previous = current;
  struct sigaction ours{};
  ours.sa_sigaction = on_bus_error;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGBUS, &ours, nullptr);
}

MapGuard::MapGuard(const std::uint8_t* data, std::size_t size) {
  install();
  const std::lock_guard lock(books().mutex);
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  if (books().free.empty()) {
    range_ = new Range;
    range_->next = ranges.load(std::memory_order_relaxed);
    ranges.store(range_, std::memory_order_release);
  } else {
    range_ = books().free.back();
    books().free.pop_back();
  }
  range_->is_lost.store(false);
  range_->begin.store(begin);
  range_->end.store((begin + size + page_size - 1) / page_size * page_size, std::memory_order_release);
}

MapGuard::~MapGuard() {
  range_->end.store(0, std::memory_order_release);
  const std::lock_guard lock(books().mutex);
  books().free.push_back(range_);
}

}  // namespace aestream
