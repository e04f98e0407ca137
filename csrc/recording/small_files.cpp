// Small recordings that are one window each.
#include "recording/small_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>

#include "core/buffer_pool.hpp"
#include "core/file_times.hpp"
#include "decode/bin40.hpp"
#include "decode/header.hpp"
#include "decode/registry.hpp"
#include "recording/window.hpp"

namespace aestream {
namespace {

constexpr Window all_events{0, std::numeric_limits<std::int64_t>::max(), false};
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

/// Events are looked at while they lie in L1.
class PayloadCursor final : public Cursor {
 public:
  explicit PayloadCursor(const Payload& payload) : payload_(payload), rest_(payload.bytes) {}

  std::uint64_t offset() const override { return payload_.bytes.size() - rest_.size(); }

  /// At the end: whether all bytes were of whole words, and some of events.
  bool is_whole() const { return rest_.empty() && times_.has_value(); }

  /// From the first event that came so far to after the latest one.
  TimeSpan times() const { return times_.value_or(TimeSpan{}); }

 protected:
  std::size_t decode(EventSpan out) override {
    Progress progress;
    do {
      progress = payload_.decoder->decode(rest_, state_, out);
      rest_ = rest_.subspan(progress.bytes);
    } while (progress.events == 0 && progress.bytes > 0);
    if (progress.events > 0) {
      const TimeSpan times = times_of(out.first(progress.events));
      times_ = times_ ? TimeSpan{times_->start, std::max(times_->stop, times.stop)} : times;
    }
    return progress.events;
  }

 private:
  const Payload& payload_;
  ByteSpan rest_;
  State state_;
  std::optional<TimeSpan> times_;
};

}  // namespace

bool accumulate_small_files(std::span<const std::string> paths, const std::string& format,
                            const AccumulatorFactory& factory, std::uint8_t* out, std::span<SmallFile> files,
                            std::size_t threads, std::span<const CoordinateMap> maps) {
  std::atomic<bool> is_plain{true};
  for_each_window(paths.size(), factory, threads, [&](std::size_t i, Accumulator& accumulator) {
    if (!is_plain) return;
    const std::optional<Buffer> file = read_small(paths[i], files[i].stamp);
    try {
      const auto payload = file ? payload_of(format, paths[i], {file->data(), file->size()}) : std::nullopt;
      if (!payload) {
        is_plain = false;
        return;
      }
      PayloadCursor cursor(*payload);
      accumulate(cursor, 0, all_events, accumulator, out + i * accumulator.size(), maps.empty() ? nullptr : &maps[i],
                 [&] { return std::make_unique<PayloadCursor>(*payload); });
      files[i].window = cursor.times();
      if (!cursor.is_whole()) is_plain = false;
    } catch (const FormatError&) {
      is_plain = false;
    }
  });
  return is_plain;
}

}  // namespace aestream
