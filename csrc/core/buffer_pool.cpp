// The pool behind Buffer: a few size classes, a lock, and mmap with madvise(MADV_HUGEPAGE) where the system has it.
#include "core/buffer_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>

/// A hint: where it is refused, small pages serve.
static void ask_for_huge_pages(void* memory, std::size_t size) { madvise(memory, size, MADV_HUGEPAGE); }
#else
static void ask_for_huge_pages(void*, std::size_t) {}
#endif

namespace aestream {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t alignment = 64;

/// Capacities grow in steps of an eighth of a power of two, so a slightly larger request can reuse a buffer.
std::size_t capacity_for(std::size_t size) {
  std::size_t step = alignment;
  while (step * 16 < size) step *= 2;
  const std::size_t rounded = (std::max<std::size_t>(size, 1) + step - 1) / step * step;
  if (rounded < size) throw std::bad_alloc();
  return rounded >= huge_page ? (rounded + huge_page - 1) / huge_page * huge_page : rounded;
}

std::uint8_t* allocate(std::size_t capacity) {
  const bool large = capacity >= huge_page;
  void* memory = std::aligned_alloc(large ? huge_page : alignment, capacity);
  if (memory == nullptr) throw std::bad_alloc();
  if (large) ask_for_huge_pages(memory, capacity);
  return static_cast<std::uint8_t*>(memory);
}

class Pool {
 public:
  std::uint8_t* take(std::size_t capacity) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = idle_.find(capacity);
      if (found != idle_.end()) {
        std::uint8_t* memory = found->second;
        idle_.erase(found);
        idle_bytes_ -= capacity;
        return memory;
      }
    }
    return allocate(capacity);
  }

  void give_back(std::uint8_t* memory, std::size_t capacity) noexcept {
    {
      const std::lock_guard lock(mutex_);
      if (idle_bytes_ + capacity <= pool_limit) {
        try {
          idle_.emplace(capacity, memory);
          idle_bytes_ += capacity;
          return;
        } catch (const std::bad_alloc&) {
        }
      }
    }
    std::free(memory);
  }

  void clear() noexcept {
    const std::lock_guard lock(mutex_);
    for (const auto& [capacity, memory] : idle_) std::free(memory);
    idle_.clear();
    idle_bytes_ = 0;
  }

  /// A fork must not catch the lock held: the child would wait for it for ever.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  std::size_t idle_bytes() noexcept {
    const std::lock_guard lock(mutex_);
    return idle_bytes_;
  }

 private:
  std::mutex mutex_;
  std::multimap<std::size_t, std::uint8_t*> idle_;
  std::size_t idle_bytes_ = 0;
};

/// Never destroyed: buffers owned by Python objects may outlive every static of this library.
Pool& pool() {
  static Pool& instance = *[] {
    pthread_atfork([] { pool().lock(); }, [] { pool().unlock(); }, [] { pool().unlock(); });
    return new Pool;
  }();
  return instance;
}

}  // namespace

Buffer::Buffer(std::size_t size) : size_(size), capacity_(capacity_for(size)) { data_ = pool().take(capacity_); }

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

Buffer::~Buffer() {
  if (data_ != nullptr) pool().give_back(data_, capacity_);
}

void empty_pool() noexcept { pool().clear(); }
std::size_t pooled_bytes() noexcept { return pool().idle_bytes(); }

}  // namespace aestream
