// Counting events per pixel.
#include "stream/frame_buffer.hpp"

#include <cstring>

namespace aestream {

FrameBuffer::FrameBuffer(Geometry geometry)
    : geometry_(geometry), memory_(std::size_t{geometry.width} * geometry.height * sizeof(float)) {
  std::memset(memory_.data(), 0, memory_.size());
}

std::size_t FrameBuffer::add(ConstEventSpan events) {
  auto* counts = memory_.as<float>();
  std::size_t drawn = 0;
  for (const Event& event : events) {
    const auto x = static_cast<std::uint32_t>(event.x), y = static_cast<std::uint32_t>(event.y);
    if (x >= geometry_.width || y >= geometry_.height) continue;  // as are negative ones
    counts[std::size_t{x} * geometry_.height + y] += 1;
    ++drawn;
  }
  return drawn;
}

}  // namespace aestream
