// AEDAT 1.0 and 2.0 (jAER): fixed big-endian records of an address and a time. Spec: docs.inivation.com, "AEDAT 1.0", "AEDAT 2.0".
#pragma once

#include "decode/decoder.hpp"

namespace aestream {

/// Which bits of an address are x, y and polarity, and which addresses are pixels at all.
enum class AddressMap { Dvs128, Davis };

struct Aedat12Layout {
  int version = 2;  // 1: 6-byte records, whose 16-bit address has room for the map of DVS128 only; 2: 8-byte records
  AddressMap map = AddressMap::Davis;
  std::uint16_t width = 0, height = 0;
  bool mirror_x = true, mirror_y = true;  // jAER stores x and y from the right and from the bottom
};

/// Skips special, external-input, APS and IMU records; their times move the clock all the same.
class Aedat12Decoder final : public Decoder {
 public:
  explicit Aedat12Decoder(const Aedat12Layout& layout) : layout_(layout) {}

  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  State look_back(ByteSpan payload, std::size_t offset) const override;
  std::size_t align(ByteSpan payload, std::size_t offset) const override;
  std::int64_t wrap_period() const override { return std::int64_t{1} << 32; }
  std::size_t max_events_per_word() const override { return 1; }
  bool could_leave(const State& state) const override;

 private:
  Aedat12Layout layout_;
};

}  // namespace aestream
