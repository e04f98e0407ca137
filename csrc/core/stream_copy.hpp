// A copy past the caches, for results that are larger than they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aestream {

/// Copies `size` bytes. What is written may be read, by any thread, after the next stream_fence() of this one.
inline void stream_copy(std::uint8_t* out, const std::uint8_t* in, std::size_t size) noexcept {
#if defined(__SSE2__)
  const std::size_t head = (16 - reinterpret_cast<std::uintptr_t>(out) % 16) % 16;
  if (size < 16 + head) {
    std::memcpy(out, in, size);
    return;
  }
  std::memcpy(out, in, head);
  std::size_t i = head;
  for (; i + 16 <= size; i += 16) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(out + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i)));
  }
  std::memcpy(out + i, in + i, size - i);
#else
  std::memcpy(out, in, size);
#endif
}

inline void stream_fence() noexcept {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace aestream
