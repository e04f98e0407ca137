// What AEDAT4 holds beside events: frames, samples of the inertial unit, triggers. Spec: docs.inivation.com, "AEDAT 4.0".
#pragma once

#include <vector>

#include "core/bytes.hpp"
#include "decode/triggers.hpp"

namespace aestream {

/// A picture; times in microseconds.
struct StoredFrame {
  std::int64_t t, begin, end, exposure_begin, exposure_end;
  std::int16_t offset_x, offset_y;  // of its first pixel on the sensor
  std::size_t width, height;
  std::size_t channels, channel_bytes;  // 0 for formats of pixels that no camera has; those pixels are left out
  ByteSpan pixels;                      // rows from the top, height * width * channels * channel_bytes, in the packet
};

/// Row of aestream.IMU_DTYPE.
struct ImuSample {
  std::int64_t t;  // microseconds
  float temperature;
  float accelerometer[3];
  float gyroscope[3];
  float magnetometer[3];
};
static_assert(sizeof(ImuSample) == 48);

/// Of an inflated packet; errors count from its first byte.
StoredFrame read_frame_packet(ByteSpan packet);
void read_imu_packet(ByteSpan packet, std::vector<ImuSample>& out);

/// External edges have id 0, those of the generator 1, the begin and end of frames 2, of exposures 3; a reset of the
/// clock has id -1. Pulses, begins and resets rise.
void read_trigger_packet(ByteSpan packet, std::vector<Trigger>& out);

}  // namespace aestream
