// The pool behind Buffer: a few size classes, a lock, and mmap with madvise(MADV_HUGEPAGE) where the system has it.
#include "core/buffer_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <list>
#include <mutex>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
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

#if defined(__linux__)

/// Fresh memory in huge pages, if the system has some.
std::uint8_t* allocate_large(std::size_t capacity) {
  constexpr int access = PROT_READ | PROT_WRITE, kind = MAP_PRIVATE | MAP_ANONYMOUS;
  if (capacity + huge_page < capacity) throw std::bad_alloc();
  void* const mapped = ::mmap(nullptr, capacity + huge_page, access, kind, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::uint8_t*>(mapped);
  const std::size_t before = huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page;
  ::munmap(begin, before);
  if (before != huge_page) ::munmap(begin + before + capacity, huge_page - before);
  ::madvise(begin + before, capacity, MADV_HUGEPAGE);  // a hint: where it is refused, small pages serve
  return begin + before;
}

void free_large(std::uint8_t* memory, std::size_t capacity) noexcept { ::munmap(memory, capacity); }

/// The same pages in a larger place.
std::uint8_t* move_large(std::uint8_t* memory, std::size_t capacity, std::size_t larger) {
  std::uint8_t* const place = allocate_large(larger);
  if (::mremap(memory, capacity, larger, MREMAP_MAYMOVE | MREMAP_FIXED, place) != MAP_FAILED) {
    ::madvise(place, larger, MADV_HUGEPAGE);
    return place;
  }
  free_large(place, larger);
  throw std::bad_alloc();
}

#else

std::uint8_t* allocate_large(std::size_t capacity) {
  void* memory = std::aligned_alloc(huge_page, capacity);
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<std::uint8_t*>(memory);
}

void free_large(std::uint8_t* memory, std::size_t) noexcept { std::free(memory); }

std::uint8_t* move_large(std::uint8_t* memory, std::size_t capacity, std::size_t larger) {
  std::uint8_t* const place = allocate_large(larger);
  std::memcpy(place, memory, capacity);
  free_large(memory, capacity);
  return place;
}

#endif

bool is_large(std::size_t capacity) { return capacity >= huge_page; }

std::uint8_t* allocate(std::size_t capacity) {
  if (is_large(capacity)) return allocate_large(capacity);
  void* memory = std::aligned_alloc(alignment, capacity);
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<std::uint8_t*>(memory);
}

void release(std::uint8_t* memory, std::size_t capacity) noexcept {
  is_large(capacity) ? free_large(memory, capacity) : std::free(memory);
}

class Pool {
 public:
  std::uint8_t* take(std::size_t capacity) {
    std::uint8_t* const memory = take_idle(capacity);
    return memory != nullptr ? memory : allocate(capacity);
  }

  /// The buffer that came back last; null if there is none.
  std::uint8_t* take_idle(std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(idle_.rbegin(), idle_.rend(), [capacity](const Idle& each) { return each.capacity == capacity; });
    if (found == idle_.rend()) return nullptr;
    std::uint8_t* const memory = found->memory;
    idle_.erase(std::next(found).base());
    idle_bytes_ -= capacity;
    return memory;
  }

  /// Keeps it, instead of those that have been idle for longest: sizes that nobody asks for any more.
  void give_back(std::uint8_t* memory, std::size_t capacity) noexcept {
    if (capacity > pool_limit) return release(memory, capacity);
    std::list<Idle> given, old;
    try {
      given.push_back({capacity, memory});
    } catch (const std::bad_alloc&) {
      return release(memory, capacity);
    }
    {
      const std::lock_guard lock(mutex_);
      idle_.splice(idle_.end(), given);
      idle_bytes_ += capacity;
      while (idle_bytes_ > pool_limit || idle_.size() > most_idle) {
        idle_bytes_ -= idle_.front().capacity;
        old.splice(old.end(), idle_, idle_.begin());
      }
    }
    release_all(old);
  }

  void clear() noexcept {
    std::list<Idle> old;
    {
      const std::lock_guard lock(mutex_);
      old.swap(idle_);
      idle_bytes_ = 0;
    }
    release_all(old);
  }

  /// A fork must not catch the lock held: the child would wait for it for ever.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  std::size_t idle_bytes() noexcept {
    const std::lock_guard lock(mutex_);
    return idle_bytes_;
  }

 private:
  static constexpr std::size_t most_idle = 64;  // which are looked through one by one

  struct Idle {
    std::size_t capacity;
    std::uint8_t* memory;
  };

  static void release_all(const std::list<Idle>& all) noexcept {
    for (const Idle& each : all) release(each.memory, each.capacity);
  }

  std::mutex mutex_;
  std::list<Idle> idle_;  // the longest idle ones first
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

void Buffer::grow(std::size_t size) {
  const std::size_t capacity = capacity_for(size);
  if (capacity > capacity_) {
    std::uint8_t* larger = pool().take_idle(capacity);
    if (larger == nullptr && is_large(capacity_)) {
      data_ = move_large(data_, capacity_, capacity);
    } else {
      if (larger == nullptr) larger = allocate(capacity);
      if (data_ != nullptr) {
        std::memcpy(larger, data_, size_);
        pool().give_back(data_, capacity_);
      }
      data_ = larger;
    }
    capacity_ = capacity;
  }
  size_ = std::max(size_, size);
}

Buffer::~Buffer() {
  if (data_ != nullptr) pool().give_back(data_, capacity_);
}

void empty_pool() noexcept { pool().clear(); }
std::size_t pooled_bytes() noexcept { return pool().idle_bytes(); }

}  // namespace aestream
