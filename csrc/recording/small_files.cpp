// Small recordings that are one window each.
#include "recording/small_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "accumulate/event_list.hpp"
#include "core/buffer_pool.hpp"
#include "core/file_times.hpp"
#include "decode/bin40.hpp"
#include "decode/header.hpp"
#include "decode/registry.hpp"
#include "recording/event_array.hpp"
#include "recording/window.hpp"

namespace aestream {
namespace {

constexpr std::size_t largest = std::size_t{4} << 20;  // bytes; of others the mapping costs next to nothing

/// False where there is no such file any more.
bool find_stamp(int fd, struct stat& status, FileStamp& stamp) {
  if (::fstat(fd, &status) != 0) return false;
  stamp = {status.st_ino, static_cast<std::uint64_t>(status.st_size), modified_ns(status)};
  return true;
}

/// All bytes of a regular file that has some, but not too many, and is not written meanwhile.
std::optional<Buffer> read_small(const std::string& path, FileStamp& stamp) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::optional<Buffer> whole;
  struct stat status{};
  const auto is_small = [&] {
    return S_ISREG(status.st_mode) && status.st_size > 0 && static_cast<std::size_t>(status.st_size) <= largest;
  };
  if (find_stamp(fd, status, stamp) && is_small()) {
    whole.emplace(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    while (done < whole->size()) {
      const ssize_t count = ::read(fd, whole->data() + done, whole->size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    FileStamp after;
    if (done != whole->size() || !find_stamp(fd, status, after) || after != stamp) whole.reset();
  }
  ::close(fd);
  return whole;
}

bool is_named_bin40(const std::string& path) {
  std::string end = path.substr(path.size() - std::min<std::size_t>(path.size(), 4));
  std::ranges::transform(end, end.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return end == ".bin" || end == ".bs2";
}

struct Payload {
  std::unique_ptr<const Decoder> decoder;
  ByteSpan bytes;
};

/// As the readers of these formats open them. Throws FormatError for a damaged header.
std::optional<Payload> payload_of(const std::string& format, const std::string& path, ByteSpan file) {
  const bool is_bin40 = is_named_bin40(path) && looks_like_bin40(file);
  if (is_bin40 != (format == "bin40")) return std::nullopt;
  if (is_bin40) return Payload{make_decoder(format), file};
  if (detect_format(file) != (format == "dat" ? "dat" : "raw")) return std::nullopt;
  const StreamHeader header = format == "dat" ? read_dat_header(file) : read_raw_header(file);
  constexpr int triggers = 14;
  if (header.format != format || header.event_type == triggers) return std::nullopt;
  return Payload{make_decoder(format == "dat" && header.variant == "1" ? "dat1" : format),
                 file.subspan(header.payload)};
}

/// Whether all bytes were of whole words.
bool decode_all(const Payload& payload, EventList& events) {
  constexpr std::size_t bytes_per_event = 4;  // of formats without vectors at least
  State state;
  ByteSpan rest = payload.bytes;
  while (true) {
    const std::size_t room = rest.size() / bytes_per_event + 64;
    const Progress progress = payload.decoder->decode(rest, state, {events.reserve(room), room});
    events.grow(progress.events);
    rest = rest.subspan(progress.bytes);
    if (progress.bytes == 0 && progress.events == 0) return rest.empty();
  }
}

}  // namespace

bool accumulate_small_files(std::span<const std::string> paths, const std::string& format,
                            const AccumulatorFactory& factory, std::uint8_t* out, std::span<SmallFile> files,
                            std::size_t threads, std::span<const CoordinateMap> maps) {
  std::atomic<bool> is_plain{true};
  for_each_window(paths.size(), factory, threads, [&](std::size_t i, Accumulator& accumulator) {
    if (!is_plain) return;
    const std::optional<Buffer> file = read_small(paths[i], files[i].stamp);
    EventList events;
    try {
      const auto payload = file ? payload_of(format, paths[i], {file->data(), file->size()}) : std::nullopt;
      if (!payload || !decode_all(*payload, events) || events.events().empty()) {
        is_plain = false;
        return;
      }
    } catch (const FormatError&) {
      is_plain = false;
      return;
    }
    const TimeSpan window = files[i].window = times_of(events.events());
    const ArraySource source(events.events());
    const auto open = [&] { return source.open({}); };
    accumulate(*open(), 0, {window.start, window.stop, true}, accumulator, out + i * accumulator.size(),
               maps.empty() ? nullptr : &maps[i], open);
  });
  return is_plain;
}

}  // namespace aestream
