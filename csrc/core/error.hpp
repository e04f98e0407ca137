// The one error of malformed input, what was expected and the byte offset where something else stood; and that of a file that
// changes.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace aestream {

/// Of an error in bytes that lie nowhere in the file as they are: inflated, or made by a library.
inline constexpr std::uint64_t no_offset = UINT64_MAX;

class FormatError : public std::runtime_error {
 public:
  FormatError(std::uint64_t offset, const std::string& message) : std::runtime_error(message), offset_(offset) {}

  /// Bytes from the start of the file, or of the span that the throwing function was given; or `no_offset`.
  std::uint64_t offset() const noexcept { return offset_; }

  /// The same error seen from `base` bytes further out.
  FormatError shifted(std::uint64_t base) const {
    return FormatError(offset_ == no_offset ? no_offset : offset_ + base, what());
  }

 private:
  std::uint64_t offset_;
};

/// A file is no longer what was opened. Its bytes may be sound: this is an error of the system, not of the format.
class FileChanged : public std::runtime_error {
 public:
  FileChanged(std::string path, const std::string& message) : std::runtime_error(message), path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace aestream
