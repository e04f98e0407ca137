// Places and the order of times, for whole blocks.
#include "accumulate/places.hpp"

#include "accumulate/pixel.hpp"
#include "core/multiversion.hpp"

namespace aestream {
namespace {

AESTREAM_MULTIVERSION
std::size_t find_places(const Event* events, std::size_t count, std::uint32_t width, std::uint32_t height,
                        PlaceOfPolarity planes, std::uint32_t nowhere, std::uint32_t* places) {
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Pixel pixel(events[i]);
    const bool inside = (pixel.x < width) & (pixel.y < height);
    const std::uint32_t place = pixel.y * width + pixel.x + (pixel.on != 0 ? planes.on : planes.off);
    places[i] = inside ? place : nowhere;
    outside += !inside;
  }
  return outside;
}

AESTREAM_MULTIVERSION
bool has_no_step_back(const Event* events, std::size_t count) {
  std::uint64_t back = 0;
  for (std::size_t i = 1; i < count; ++i) back |= events[i].t < events[i - 1].t ? 1 : 0;
  return back == 0;
}

}  // namespace

void Places::find(ConstEventSpan events, Geometry geometry, PlaceOfPolarity planes) {
  outside_ = find_places(events.data(), events.size(), geometry.width, geometry.height, planes, nowhere, at_.data());
}

bool rises(ConstEventSpan events, std::int64_t earliest) {
  return events.empty() || (events.front().t >= earliest && has_no_step_back(events.data(), events.size()));
}

}  // namespace aestream
