// '%' headers: keys, words, and the order in which they decide about format and geometry.
#include "decode/header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace aestream {
namespace {

constexpr std::size_t max_size = std::size_t{1} << 20;  // of a header: those of cameras have some hundred bytes

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// Decimal, 0x hexadecimal, or octal with a leading 0.
std::optional<std::uint32_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const std::string* find(const std::map<std::string, std::string>& fields, const char* key) {
  const auto found = fields.find(key);
  return found == fields.end() ? nullptr : &found->second;
}

std::uint32_t require_size(std::string_view text, const char* key) {
  const auto value = parse_number(text);
  if (!value || *value == 0 || *value > 32767) {
    throw FormatError(
        0, std::string("expected header key ") + key + " from 1 to 32767, found \"" + std::string(text) + '"');
  }
  return *value;
}

void set_geometry(StreamHeader& header, std::uint32_t width, std::uint32_t height) {
  if ((header.width != 0 && header.width != width) || (header.height != 0 && header.height != height)) {
    throw FormatError(0, "expected one geometry, found " + std::to_string(header.width) + "x" +
                             std::to_string(header.height) + " and " + std::to_string(width) + "x" +
                             std::to_string(height));
  }
  header.width = width;
  header.height = height;
}

struct Board {
  std::uint32_t width, height;
  const char* format;
  std::vector<std::uint32_t> ids;
};

/// Files too old to name their format or geometry: known by the board's system_ID.
const Board* find_board(const StreamHeader& header) {
  static const std::array<Board, 4> boards{
      {{640, 480, "evt2", {21, 23, 25, 28, 29, 33, 34, 35, 41, 151, 153, 161, 162}},
       {640, 480, "evt3", {40}},
       {1280, 720, "evt2", {26, 31, 39}},
       {1280, 720, "evt3", {30, 46, 48, 49, 50}}}};
  const std::string* text = find(header.fields, "system_ID");
  const auto id = text == nullptr ? std::nullopt : parse_number(*text);
  if (!id) return nullptr;
  for (const Board& board : boards) {
    if (std::ranges::find(board.ids, *id) != board.ids.end()) return &board;
  }
  return nullptr;
}

/// `format NAME;option=value;…`
void take_format(StreamHeader& header, std::string_view text) {
  std::size_t next = text.find(';');
  const std::string_view name = text.substr(0, next);
  if (name == "EVT2") header.format = "evt2";
  if (name == "EVT21") header.format = "evt21";
  if (name == "EVT3") header.format = "evt3";
  if (header.format.empty()) {
    throw FormatError(0, "expected format EVT2, EVT21 or EVT3, found \"" + std::string(name) + "\", which is not read");
  }
  std::uint32_t width = 0, height = 0;
  while (next != std::string_view::npos) {
    text.remove_prefix(next + 1);
    next = text.find(';');
    const std::string_view option = text.substr(0, next);
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = option.substr(0, equals), value = option.substr(equals + 1);
    if (key == "width") width = require_size(value, "width");
    if (key == "height") height = require_size(value, "height");
    if (key == "endianness") header.variant = value == "legacy" ? "legacy" : "little";
  }
  if (width != 0 && height != 0) set_geometry(header, width, height);
}

void take_evt(StreamHeader& header, std::string_view text) {
  if (text == "2.0") header.format = "evt2";
  if (text == "2.1") header.format = "evt21";
  if (text == "3.0") header.format = "evt3";
  if (header.format.empty())
    throw FormatError(0, "expected evt 2.0, 2.1 or 3.0, found \"" + std::string(text) + "\", which is not read");
}

void take_geometry(StreamHeader& header, std::string_view text) {
  const std::size_t cross = text.find('x');
  const std::string_view height = cross == std::string_view::npos ? std::string_view{} : text.substr(cross + 1);
  set_geometry(header, require_size(text.substr(0, cross), "geometry"), require_size(height, "geometry"));
}

}  // namespace

PercentHeader read_percent_header(ByteSpan file) {
  PercentHeader header;
  while (!header.ended && file.size() >= header.size + 2 && file[header.size] == '%' && file[header.size + 1] == ' ') {
    const ByteSpan rest = file.first(std::min(file.size(), max_size)).subspan(header.size);
    const auto newline = std::ranges::find(rest, std::uint8_t{'\n'});
    if (newline == rest.end() && file.size() > max_size)
      throw FormatError(max_size, "expected a header of at most " + std::to_string(max_size) + " bytes, found more");
    if (newline == rest.end())
      throw FormatError(header.size, "expected the end of a header line, found the end of the file");
    const auto length = static_cast<std::size_t>(newline - rest.begin());
    const std::string_view line = trim({reinterpret_cast<const char*>(rest.data()) + 2, length - 2});
    const std::size_t space = line.find(' ');
    const std::string_view key = line.substr(0, space);
    header.size += length + 1;
    header.ended = key == "end";
    if (!header.ended && !key.empty()) {
      header.fields[std::string(key)] = space == std::string_view::npos ? "" : trim(line.substr(space));
    }
  }
  return header;
}

StreamHeader read_raw_header(ByteSpan file) {
  PercentHeader lines = read_percent_header(file);
  StreamHeader header;
  header.fields = std::move(lines.fields);
  header.payload = lines.size;
  const Board* board = find_board(header);
  if (const std::string* format = find(header.fields, "format")) {
    take_format(header, *format);
  } else if (const std::string* evt = find(header.fields, "evt")) {
    take_evt(header, *evt);
  } else if (board != nullptr) {
    header.format = board->format;
  } else {
    throw FormatError(0, "expected a header with one of the keys format, evt, or system_ID of a known board");
  }
  if (const std::string* geometry = find(header.fields, "geometry")) take_geometry(header, *geometry);
  if (header.width == 0 && board != nullptr) set_geometry(header, board->width, board->height);
  if (const std::string* order = find(header.fields, "endianness"); order != nullptr && header.variant.empty()) {
    header.variant = *order == "legacy" ? "legacy" : "little";
  }
  return header;
}

StreamHeader read_dat_header(ByteSpan file) {
  PercentHeader lines = read_percent_header(file);
  StreamHeader header;
  header.format = "dat";
  header.fields = std::move(lines.fields);
  if (file.size() < lines.size + 2)
    throw FormatError(lines.size, "expected event type and event size, found the end of the file");
  header.event_type = file[lines.size];
  const int size = file[lines.size + 1];
  if (header.event_type != 0 && header.event_type != 12 && header.event_type != 14) {
    throw FormatError(
        lines.size, "expected event type 0, 12 (changes) or 14 (triggers), found " + std::to_string(header.event_type));
  }
  if (size != 8) throw FormatError(lines.size + 1, "expected event size 8, found " + std::to_string(size));
  header.payload = lines.size + 2;
  const std::string* version = find(header.fields, "Version");
  header.variant = version == nullptr ? "2" : *version;
  if (header.variant != "1" && header.variant != "2") {
    throw FormatError(0, "expected DAT version 1 or 2, found \"" + header.variant + '"');
  }
  const std::string *width = find(header.fields, "Width"), *height = find(header.fields, "Height");
  if (width != nullptr && height != nullptr) {
    set_geometry(header, require_size(*width, "Width"), require_size(*height, "Height"));
  }
  return header;
}

}  // namespace aestream
