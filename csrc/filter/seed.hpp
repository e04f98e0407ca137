// A seed for an address, such as (seed, epoch, item), as numpy.random.SeedSequence makes it, which takes as long as a frame.
#pragma once

#include <cstdint>
#include <span>

namespace aestream {

/// The first 64-bit number of the state that SeedSequence generates from these numbers.
std::uint64_t seed_of(std::span<const std::uint64_t> address);

}  // namespace aestream
