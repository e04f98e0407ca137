// Names to encoders: a new format adds a line to the table.
#pragma once

#include <memory>
#include <string>

#include "encode/encoder.hpp"

namespace aestream {

/// Throws std::invalid_argument if there is no encoder of that name. Width and height are those of the sensor.
std::unique_ptr<Encoder> make_encoder(const std::string& name, std::int64_t width, std::int64_t height);

}  // namespace aestream
