// What sources.hpp promises: bytes in a temporary file, and a source over it.
#include "fuzz/sources.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "decode/registry.hpp"
#include "fuzz/fuzz.hpp"
#include "recording/aedat3_source.hpp"
#include "recording/packet_source.hpp"
#include "recording/stream_source.hpp"

namespace aestream::fuzz {
namespace {

/// Stands for LZ4: bytes as they are, with the errors of a decompressor whose output is too small.
std::size_t copy_packet(ByteSpan compressed, MutableByteSpan out) {
  const std::size_t count = std::min(compressed.size(), out.size());
  std::copy_n(compressed.begin(), count, out.begin());
  if (count < compressed.size()) throw FormatError(0, "expected more room");
  return count;
}

std::unique_ptr<const Source> open_packets(const std::shared_ptr<const MappedFile>& file, bool inflated) {
  Aedat4Layout layout{0, -1, {0, 1, 7}};
  try {
    const Aedat4Header header = read_aedat4_header(file->bytes());
    layout.begin = header.packets;
    layout.table_position = header.table_position;
  } catch (const FormatError&) {  // then the packets begin at once
  }
  if (!inflated) return std::make_unique<PacketSource>(file, layout, 0, Aedat4Compression::None, Inflate{});
  return std::make_unique<PacketSource>(file, layout, 0, Aedat4Compression::Lz4, &copy_packet);
}

constexpr const char* names[] = {"evt2", "evt21", "evt3", "dat", "csv", "es_dvs", "bin40", "aedat2_davis346"};
constexpr std::uint32_t num_kinds = std::size(names) + 3;  // and AEDAT4, as it is and inflated, and AEDAT 3.1

}  // namespace

std::shared_ptr<const MappedFile> map_bytes(ByteSpan bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0) {
    throw Violation{"no temporary file could be written"};
  }
  return std::make_shared<MappedFile>("/dev/fd/" + std::to_string(fileno(file.get())));
}

std::unique_ptr<const Source> open_source(const std::shared_ptr<const MappedFile>& file, std::uint32_t seed) {
  const std::uint32_t kind = seed % num_kinds;
  if (kind == std::size(names) + 2) return std::make_unique<Aedat3Source>(file, 0, std::nullopt);
  if (kind >= std::size(names)) return open_packets(file, kind > std::size(names));
  return std::make_unique<StreamSource>(file, make_decoder(names[kind]), 0);
}

}  // namespace aestream::fuzz
