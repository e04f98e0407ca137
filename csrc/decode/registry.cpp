// Magic bytes to format names, and names to decoders: a new format adds a line to each table.
#include "decode/registry.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

#include "decode/aedat12.hpp"
#include "decode/bin40.hpp"
#include "decode/csv.hpp"
#include "decode/dat.hpp"
#include "decode/es.hpp"
#include "decode/evt2.hpp"
#include "decode/evt21.hpp"
#include "decode/evt3.hpp"
#include "decode/header.hpp"
#include "decode/plain_events.hpp"

namespace aestream {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  const char* format;
};

constexpr std::string_view hdf5_magic = "\x89HDF\r\n\x1A\n";
constexpr std::size_t most_block = 4096;

constexpr std::array magics{
    Magic{"#!AER-DAT4"sv, "aedat4"},
    Magic{"#!AER-DAT3"sv, "aedat3"},
    Magic{"#!AER-DAT2"sv, "aedat2"},
    Magic{"#!AER-DAT1"sv, "aedat1"},
    Magic{hdf5_magic, "hdf5"},
    Magic{"Event Stream"sv, "es"},
    Magic{"\x93NUMPY"sv, "npy"},
    Magic{"PK\x03\x04"sv, "npz"},
    Magic{"#ROSBAG V"sv, "rosbag"},
    Magic{"SQLite format 3"sv, "rosbag2"},
    Magic{"\x89MCAP"sv, "mcap"},
    Magic{"\x1F\x8B\x08"sv, "gzip"},  // EVT3 without header may begin with the first two
    Magic{"\x28\xB5\x2F\xFD"sv, "zstd"},
    Magic{"\x50\x2A\x4D\x18"sv, "zstd"},  // a frame to skip, with which pzstd begins
    Magic{"\xFD"
          "7zXZ"sv,
          "xz"},
};

bool is_printable(std::uint8_t byte) { return (byte >= 0x20 && byte < 0x7F) || (byte >= 9 && byte <= 13); }

bool begins_number(std::uint8_t byte) { return std::isdigit(byte) != 0 || byte == '-' || byte == '+' || byte == '.'; }

/// Text is printable ASCII with a letter or a digit in it. Other bytes, as of names and of µ, are text in lines that begin
/// as no number does, if a line that begins as one is among them.
bool looks_like_text(ByteSpan file) {
  const ByteSpan head = file.first(std::min<std::size_t>(file.size(), 4096));
  bool foreign = false, data = false, in_data = false, starts = true, known = false;
  for (const std::uint8_t byte : head) {
    if (starts && byte != ' ' && byte != '\t') {
      in_data = begins_number(byte);
      data |= in_data;
      starts = false;
    }
    if (byte < 0x80 ? !is_printable(byte) : in_data) return false;
    foreign |= byte >= 0x80;
    known |= std::isalnum(byte) != 0;
    starts |= byte == '\n' || byte == '\r';
  }
  return known && (!foreign || data);
}

bool is_utf16(ByteSpan file) {
  if (file.size() < 4 || file.size() % 2 != 0) return false;
  const std::size_t high = file[0] == 0xFF && file[1] == 0xFE ? 1 : 0;
  if (high == 0 && !(file[0] == 0xFE && file[1] == 0xFF)) return false;
  return file[2 + high] == 0 && is_printable(file[3 - high]);
}

/// HDF5 may begin behind a block of 512 bytes, or twice, four times, … as many, of other programs: MATLAB has 512.
bool is_hdf5_behind_block(ByteSpan file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  for (std::size_t at = 512; at <= most_block && at < text.size(); at *= 2) {
    if (text.substr(at).starts_with(hdf5_magic)) return true;
  }
  return false;
}

/// RAW and DAT share their header; RAW names its format or board, DAT ends with a type and a size byte.
std::string detect_percent(ByteSpan file) {
  const PercentHeader header = read_percent_header(file);
  const auto has = [&header](const char* key) { return header.fields.contains(key); };
  if (has("format") || has("evt")) return "raw";
  const bool dat_record = file.size() >= header.size + 2 && file[header.size + 1] == 8;
  if (has("Version") || dat_record) return "dat";
  if (has("system_ID")) return "raw";
  return looks_like_text(file.subspan(header.size)) ? "csv" : "dat";  // '%' leads comments, too
}

using Factory = std::function<std::unique_ptr<const Decoder>()>;

const std::map<std::string, Factory>& decoders() {
  static const std::map<std::string, Factory> table{
      {"evt2", [] { return std::make_unique<Evt2Decoder>(); }},
      {"evt21", [] { return std::make_unique<Evt21Decoder>(Evt21Order::Little); }},
      {"evt21_legacy", [] { return std::make_unique<Evt21Decoder>(Evt21Order::Legacy); }},
      {"evt3", [] { return std::make_unique<Evt3Decoder>(); }},
      {"dat", [] { return std::make_unique<DatDecoder>(2); }},
      {"dat1", [] { return std::make_unique<DatDecoder>(1); }},
      {"es_dvs", [] { return std::make_unique<EsDecoder>(EsType::Dvs, 0); }},
      {"es_atis", [] { return std::make_unique<EsDecoder>(EsType::Atis, 0); }},
      {"es_color", [] { return std::make_unique<EsDecoder>(EsType::Color, 0); }},
      {"bin40", [] { return std::make_unique<Bin40Decoder>(); }},
      {"csv", [] { return std::make_unique<CsvDecoder>(CsvDialect{}); }},
      {"aedat1", [] { return std::make_unique<Aedat12Decoder>(Aedat12Layout{1, AddressMap::Dvs128, 128, 128}); }},
      {"aedat2_dvs128",
       [] { return std::make_unique<Aedat12Decoder>(Aedat12Layout{2, AddressMap::Dvs128, 128, 128}); }},
      {"aedat2_davis346",
       [] { return std::make_unique<Aedat12Decoder>(Aedat12Layout{2, AddressMap::Davis, 346, 260}); }},
      {"events", [] { return std::make_unique<PlainEventsDecoder>(); }},
  };
  return table;
}

}  // namespace

std::string detect_format(ByteSpan file) {
  const std::string_view head(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 64));
  for (const Magic& magic : magics) {
    if (head.starts_with(magic.bytes)) return magic.format;
  }
  if (is_hdf5_behind_block(file)) return "hdf5";
  if (head.starts_with("% ")) return detect_percent(file);
  const ByteSpan text = file.subspan(head.starts_with("\xEF\xBB\xBF") ? 3 : 0);  // behind a byte order mark
  return looks_like_text(text) || is_utf16(file) ? "csv" : "";
}

std::unique_ptr<const Decoder> make_decoder(const std::string& name) {
  const auto found = decoders().find(name);
  if (found == decoders().end()) throw std::invalid_argument("no decoder is called \"" + name + '"');
  return found->second();
}

}  // namespace aestream
