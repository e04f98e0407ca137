// A read-only memory map of one file.
#pragma once

#include <string>

#include "core/bytes.hpp"

namespace aestream {

class MappedFile {
 public:
  /// Throws std::system_error with the path when the file cannot be opened, mapped, or is no regular file.
  explicit MappedFile(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  ByteSpan bytes() const noexcept { return {data_, size_}; }

  /// Whether the file is so large that what was used of it should be forgotten; mapping pages again costs more than reading.
  bool is_large() const noexcept { return size_ > (std::size_t{64} << 20); }

  /// Drops the pages of [first, last) from this process's memory; the page cache keeps them.
  void forget(std::size_t first, std::size_t last) const noexcept;

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace aestream
