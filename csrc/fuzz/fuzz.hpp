// What every fuzz target calls: one decoder fed the same bytes in many ways has to give the same events each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "decode/decoder.hpp"

namespace aestream::fuzz {

/// A contract that a decoder broke.
struct Violation {
  std::string message;
};

void require(bool holds, const char* contract);

/// Runs `check`; returns null, or what went wrong in words that live until the next call of this thread.
/// FormatError is an answer; every other exception goes wrong.
const char* report(void (*check)(ByteSpan), const std::uint8_t* data, std::size_t size);

/// The contracts of decoder.hpp on one payload. Cuts and room come from `seed`.
void check_decoder(const Decoder& decoder, ByteSpan payload, std::uint32_t seed);

/// Takes the seed from the first four bytes; the rest is the payload.
void check_decoder(const char* name, ByteSpan bytes);

}  // namespace aestream::fuzz
