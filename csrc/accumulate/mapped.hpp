// An accumulator behind a coordinate map: events are mapped in passing, in blocks that stay in L1.
#pragma once

#include <array>

#include "accumulate/accumulator.hpp"
#include "filter/coordinate_map.hpp"

namespace aestream {

/// The tensor is that of the mapped events, on the sensor of the map's end. Its axis is the one that begin() is given: where
/// `inner` needs to know its events and the map drops some, whoever calls must give the axis of those that are left.
class MappedAccumulator final : public Accumulator {
 public:
  MappedAccumulator(CoordinateMap map, std::unique_ptr<Accumulator> inner)
      : map_(std::move(map)), inner_(std::move(inner)) {}

  std::size_t size() const override { return inner_->size(); }
  Needs needs() const override { return inner_->needs(); }
  void begin(std::uint8_t* out, const Axis& axis) override { inner_->begin(out, axis); }
  void consume(ConstEventSpan events) override;
  std::size_t finish() override { return inner_->finish(); }

 private:
  static constexpr std::size_t block_ = 2048;

  CoordinateMap map_;
  std::unique_ptr<Accumulator> inner_;
  std::array<Event, block_> mapped_;
};

}  // namespace aestream
