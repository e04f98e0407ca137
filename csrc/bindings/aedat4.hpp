// What opening the streams of an AEDAT4 file shares: where its packets lie, and a Python callable that inflates them.
#pragma once

#include "bindings/bindings.hpp"
#include "core/mapped_file.hpp"
#include "recording/packet_inflater.hpp"

namespace aestream {

/// Throws ValueError unless the packets begin within the file.
Aedat4Layout make_layout(const MappedFile& file, const Aedat4Header& header, std::vector<std::int32_t> streams);

/// Holds the GIL only while it makes the two views and enters the callable, which releases it. Empty for files that are not
/// compressed. Throws ValueError where there is a callable and no compression, or the other way round.
Inflate make_inflate(const Aedat4Header& header, py::object decompress_into);

}  // namespace aestream
