// Bytes as a file, and the source that a number chooses to read them: for the targets of whole recordings.
#pragma once

#include <cstdint>
#include <memory>

#include "core/bytes.hpp"
#include "core/mapped_file.hpp"
#include "recording/source.hpp"

namespace aestream::fuzz {

std::shared_ptr<const MappedFile> map_bytes(ByteSpan bytes);

/// Every kind of source, by `seed` modulo their number (11).
std::unique_ptr<const Source> open_source(const std::shared_ptr<const MappedFile>& file, std::uint32_t seed);

}  // namespace aestream::fuzz
