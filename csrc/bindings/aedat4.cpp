// make_layout(), and make_inflate() for AEDAT4's packets.
#include "bindings/aedat4.hpp"

#include <algorithm>
#include <utility>

#include "bindings/callables.hpp"

namespace aestream {

Inflate make_inflate(const Aedat4Header& header, py::object decompress_into) {
  if ((header.compression == Aedat4Compression::None) != decompress_into.is_none()) {
    throw py::value_error("decompress_into is for compressed files, and needed there");
  }
  return make_inflate(std::move(decompress_into), "a packet");
}

Aedat4Layout make_layout(const MappedFile& file, const Aedat4Header& header, std::vector<std::int32_t> streams) {
  if (header.packets > file.bytes().size()) throw py::value_error("packets lies behind the end of the file");
  std::ranges::sort(streams);
  return {header.packets, header.table_position, std::move(streams)};
}

}  // namespace aestream
