// A bounds-checked walk through a FlatBuffer: tables, vtables, vectors and strings. Spec: flatbuffers.dev/internals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace aestream {

/// A table in `buffer`, which begins behind the size prefix. Every position is checked before it is read; errors count
/// from the start of `buffer`.
class FlatTable {
 public:
  /// The table that the offset at `entry` points at.
  FlatTable(ByteSpan buffer, std::size_t entry) : buffer_(buffer), at_(follow(entry)) {
    const std::size_t at = at_;
    const std::int64_t vtable = static_cast<std::int64_t>(at) - load_le<std::int32_t>(&buffer[at]);
    if (vtable < 0 || static_cast<std::uint64_t>(vtable) + 4 > buffer.size()) {
      throw FormatError(
          at, "expected a vtable inside the " + text(buffer.size()) + " bytes, found it at byte " + text(vtable));
    }
    vtable_ = static_cast<std::size_t>(vtable);
    vtable_size_ = load_le16(&buffer[vtable_]);
    if (vtable_size_ < 4 || vtable_size_ % 2 != 0) {
      throw FormatError(vtable_, "expected an even vtable size of at least 4, found " + text(vtable_size_));
    }
    table_size_ = load_le16(&buffer[vtable_ + 2]);
    require(vtable_, vtable_size_, "vtable");
    require(at, table_size_, "table");
  }

  /// The root table of a buffer that begins with an offset and an identifier of four letters.
  static FlatTable root(ByteSpan buffer, std::string_view identifier) {
    if (buffer.size() < 8)
      throw FormatError(0, "expected a FlatBuffer of at least 8 bytes, found " + text(buffer.size()));
    const std::string_view found(reinterpret_cast<const char*>(&buffer[4]), 4);
    if (found != identifier) {
      throw FormatError(4, "expected identifier " + std::string(identifier) + ", found " + printable(found));
    }
    return {buffer, 0};
  }

  /// Where field `index` of `size` bytes lies; nothing when the table does not hold it.
  std::optional<std::size_t> field(std::size_t index, std::size_t size) const {
    const std::size_t entry = 4 + 2 * index;
    if (entry + 2 > vtable_size_) return std::nullopt;
    const std::size_t offset = load_le16(&buffer_[vtable_ + entry]);
    if (offset == 0) return std::nullopt;
    if (offset + size > table_size_) {
      throw FormatError(vtable_ + entry, "expected field " + text(index) + " of " + text(size) +
                                             " bytes inside a table of " + text(table_size_) + ", found it at byte " +
                                             text(offset));
    }
    return at_ + offset;
  }

  template <class T>
  T scalar(std::size_t index, T absent) const {
    const auto at = field(index, sizeof(T));
    return at ? load_le<T>(&buffer_[*at]) : absent;
  }

  struct Vector {
    std::size_t at = 0;  // of the first element
    std::size_t count = 0;
  };

  /// A vector of elements of `stride` bytes; empty when absent.
  Vector vector(std::size_t index, std::size_t stride) const {
    const auto entry = field(index, 4);
    if (!entry) return {};
    const std::size_t at = follow(*entry);
    const std::size_t count = load_le32(&buffer_[at]);
    if (count > (buffer_.size() - at - 4) / stride) {
      throw FormatError(at, "expected at most " + text((buffer_.size() - at - 4) / stride) + " elements of " +
                                text(stride) + " bytes, found " + text(count));
    }
    return {at + 4, count};
  }

  /// The table that element `index` of a vector of offsets points at.
  FlatTable element(const Vector& tables, std::size_t index) const { return {buffer_, tables.at + 4 * index}; }

 private:
  template <class Number>
  static std::string text(Number number) {
    return std::to_string(number);
  }

  static std::string printable(std::string_view letters) {
    std::string shown;
    for (const char letter : letters) shown += letter > ' ' && letter <= '~' ? letter : '?';
    return shown;
  }

  void require(std::size_t at, std::size_t size, const char* what) const {
    if (buffer_.size() - at < size) {
      throw FormatError(at, std::string("expected a ") + what + " of at most " + text(buffer_.size() - at) +
                                " bytes, found " + text(size));
    }
  }

  /// The position that the offset at `entry` points at, with at least 4 bytes behind it.
  std::size_t follow(std::size_t entry) const {
    const std::size_t offset = load_le32(&buffer_[entry]), room = buffer_.size() - entry;
    if (offset > room - 4) {
      throw FormatError(entry, "expected an offset of at most " + text(room - 4) + " bytes, found " + text(offset));
    }
    return entry + offset;
  }

  ByteSpan buffer_;
  std::size_t at_;
  std::size_t vtable_ = 0;
  std::size_t vtable_size_ = 0;
  std::size_t table_size_ = 0;
};

/// The FlatBuffer behind a size prefix that must fill `bytes`.
inline ByteSpan unprefixed(ByteSpan bytes) {
  if (bytes.size() < 4)
    throw FormatError(0, "expected a size prefix, found " + std::to_string(bytes.size()) + " bytes");
  if (const std::size_t size = load_le32(&bytes[0]); size != bytes.size() - 4) {
    throw FormatError(0,
                      "expected size prefix " + std::to_string(bytes.size() - 4) + ", found " + std::to_string(size));
  }
  return bytes.subspan(4);
}

/// The root table of a size-prefixed FlatBuffer, given to `read`; errors count from the prefix.
template <class Read>
auto with_root(ByteSpan bytes, std::string_view identifier, const Read& read) {
  const ByteSpan buffer = unprefixed(bytes);
  try {
    return read(buffer, FlatTable::root(buffer, identifier));
  } catch (const FormatError& error) {
    throw error.shifted(4);
  }
}

}  // namespace aestream
