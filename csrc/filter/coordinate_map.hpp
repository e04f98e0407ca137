// Coordinate maps: flips, crops, quarter turns and downsampling, folded into one step per event however many there are.
#pragma once

#include <array>
#include <vector>

#include "filter/filter.hpp"

namespace aestream {

/// Each of the members that add a step says what becomes of an event on the sensor so far. Events outside stay outside:
/// flips and turns move them along, modulo 2^16, crops drop them, downsampling leaves them where they are.
class CoordinateMap final : public Filter {
 public:
  explicit CoordinateMap(PixelGrid grid);

  void flip_x();         // x becomes width - 1 - x
  void flip_y();         // y becomes height - 1 - y
  void flip_polarity();  // ON becomes OFF, OFF becomes ON
  void transpose();      // x and y change places, and so do width and height
  /// Keeps what lies in the rectangle, which must lie on the sensor, and counts from its corner.
  void crop(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height);
  /// x and y become their whole quotients by `factor`, from 1 to 32767; sizes are rounded up, so that none is lost.
  void downsample(std::uint32_t factor);

  /// The sensor after all steps.
  PixelGrid grid() const noexcept { return grid_; }

  /// Whether it may drop events: whether there is a crop.
  bool drops() const noexcept { return drops_; }

  /// Whether anything may become of an event but itself.
  bool changes() const noexcept { return drops_ || is_polarity_flipped_ || !steps_.empty(); }

  std::size_t apply(ConstEventSpan in, EventSpan out) override { return map(in, out); }

  /// One axis of the result: (sign * value + offset) / divisor, of the source's x or y.
  struct Axis {
    std::int64_t sign = 1;
    std::int64_t offset = 0;
    std::int64_t divisor = 1;

    void mirror(std::int64_t length) noexcept;
  };
  struct Range {
    std::int64_t begin, end;
  };

  /// All steps in one, for events on the sensor: of the result's x and y; what is kept of the source's x and y.
  const std::array<Axis, 2>& axes() const noexcept { return axes_; }
  const std::array<Range, 2>& kept() const noexcept { return kept_; }
  bool is_swapped() const noexcept { return is_swapped_; }
  bool is_polarity_flipped() const noexcept { return is_polarity_flipped_; }

  /// apply(): a map has no state.
  std::size_t map(ConstEventSpan in, EventSpan out) const;

 private:
  enum class Step { FlipX, FlipY, Transpose, Downsample };
  struct Placed {
    Step step;
    PixelGrid grid;  // before the step
  };

  /// Where, on the axis of the source, results in [begin, end) come from.
  static Range source_of(const Axis& axis, std::int64_t begin, std::int64_t end) noexcept;
  Event map_outside(Event event) const noexcept;
  std::size_t apply_lanes(ConstEventSpan in, EventSpan out) const;
  std::size_t apply_divided(ConstEventSpan in, EventSpan out) const;

  PixelGrid source_, grid_;
  std::array<Axis, 2> axes_;   // of the result's x and y
  std::array<Range, 2> kept_;  // on the source's x and y
  bool is_swapped_ = false;    // the result's x comes from the source's y
  bool is_polarity_flipped_ = false;
  bool drops_ = false;         // there is a crop: events outside go
  std::vector<Placed> steps_;  // for events outside
};

}  // namespace aestream
