// What an encoder makes.
#pragma once

#include <cstdint>
#include <vector>

namespace aestream {

using Bytes = std::vector<std::uint8_t>;

}  // namespace aestream
