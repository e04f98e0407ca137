// Result memory: 64-byte aligned buffers, huge pages for large ones, kept for reuse because page faults cost more than decoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace aestream {

/// A buffer of at least `size` bytes. Destroying it hands the memory back to the pool. Contents are undefined.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size);
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  /// Makes it at least `size` bytes, which begin with those that there are. Large ones move without a copy where the
  /// system can.
  void grow(std::size_t size);

  std::uint8_t* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  template <class T>
  T* as() const noexcept {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Frees every idle buffer of the pool.
void empty_pool() noexcept;

/// Bytes that the pool holds for reuse; never more than `pool_limit`.
std::size_t pooled_bytes() noexcept;
inline constexpr std::size_t pool_limit = std::size_t{256} << 20;

}  // namespace aestream
