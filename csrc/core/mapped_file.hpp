// A read-only memory map of one file, which notices when the file is no longer what was mapped.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <type_traits>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/map_guard.hpp"

namespace aestream {

/// Which file, and which state of it, was mapped: as the open descriptor said.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t sample = 0;  // a hash of some blocks
};

class MappedFile {
 public:
  /// Throws std::system_error with the path when the file cannot be opened, mapped, or is no regular file.
  explicit MappedFile(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  ByteSpan bytes() const noexcept { return {data_, size_}; }
  const FileIdentity& identity() const noexcept { return identity_; }

  /// read(), of which nothing is believed if the file has changed before its end: throws FileChanged.
  template <class Read>
  auto guarded(const Read& read) const {
    MapGuard::install();
    try {
      if constexpr (std::is_void_v<decltype(read())>) {
        read();
        check();
      } else {
        auto result = read();
        check();
        return result;
      }
    } catch (const FormatError&) {  // of zeros, perhaps
      check();
      throw;
    }
  }

  /// Throws FileChanged if bytes that were mapped are gone or others: the file was cut or written over. That it has grown,
  /// or that another one has its name now, leaves them as they were.
  void check() const;

  /// The part of check() that costs nothing: what a reader of zeros has to ask.
  void check_lost() const {
    if (guard_ && guard_->is_lost()) fail_lost();
  }

  /// Whether the file is so large that what was used of it should be forgotten; mapping pages again costs more than reading.
  bool is_large() const noexcept { return size_ > large; }

  /// Drops the pages of [first, last) from this process's memory; the page cache keeps them. Every so often drops all:
  /// a fault maps pages around the one that is read, also such as another thread dropped before.
  void forget(std::size_t first, std::size_t last) const noexcept;

 private:
  static constexpr std::size_t large = std::size_t{64} << 20;

  [[noreturn]] void fail_lost() const;

  std::string path_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  FileIdentity identity_;
  std::optional<MapGuard> guard_;
  mutable std::atomic<std::size_t> forgotten_{0};  // bytes
  mutable std::atomic<std::int64_t> seen_ns_{0};   // the time of change whose bytes were found to be the same
};

}  // namespace aestream
