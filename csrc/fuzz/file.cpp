// Fuzzes whole files in memory: detection, '%' headers, and the decoder that they name.
#include "decode/es.hpp"
#include "decode/evt21.hpp"
#include "decode/header.hpp"
#include "decode/registry.hpp"
#include "fuzz/fuzz.hpp"

namespace aestream {
namespace {

void check_payload(const std::string& decoder, ByteSpan file, std::size_t begin) {
  fuzz::require(begin <= file.size(), "the payload begins within the file");
  fuzz::check_decoder(*make_decoder(decoder), file.subspan(begin), static_cast<std::uint32_t>(file.size()));
}

void check(ByteSpan file) {
  const std::string format = detect_format(file);
  if (format == "raw") {
    const StreamHeader header = read_raw_header(file);
    std::string decoder = header.format;
    const Evt21Order order = sniff_evt21_order(file.subspan(header.payload));
    if (decoder == "evt21" && (header.variant == "legacy" || (header.variant.empty() && order == Evt21Order::Legacy))) {
      decoder = "evt21_legacy";
    }
    check_payload(decoder, file, header.payload);
  }
  if (format == "dat") {
    const StreamHeader header = read_dat_header(file);
    check_payload(header.variant == "1" ? "dat1" : "dat", file, header.payload);
  }
  if (format == "es") {
    const StreamHeader header = read_es_header(file);
    check_payload("es_" + header.variant, file, header.payload);
  }
  if (format == "csv") check_payload("csv", file, 0);
}

}  // namespace
}  // namespace aestream

extern "C" const char* aestream_fuzz_file(const std::uint8_t* data, std::size_t size) {
  return aestream::fuzz::report(aestream::check, data, size);
}
