// The fields of one ROS message, in order: ROS 1 packs them; CDR (ROS 2) aligns each to its size. Spec: wiki.ros.org/msg,
// OMG DDS-XTypes 7.4.1 (encoding version 1).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/error.hpp"

namespace aestream {

enum class RosWire { Ros1, Cdr };

/// Walks a message. Every step throws FormatError, with an offset from the start of the message, where the bytes end.
class RosFields {
 public:
  RosFields(ByteSpan message, RosWire wire) : message_(message), wire_(wire) {
    if (wire == RosWire::Ros1) return;
    const ByteSpan kind = take_bytes(encapsulation);
    if (kind[0] != 0 || kind[1] != 1) {
      throw FormatError(0, "expected little-endian CDR, which begins with the bytes 0 1; found " +
                               std::to_string(kind[0]) + ' ' + std::to_string(kind[1]));
    }
  }

  template <class T>
  T take() {
    align(sizeof(T));
    return load_le<T>(take_bytes(sizeof(T)).data());
  }

  ByteSpan take_bytes(std::size_t count) {
    if (left() < count) {
      throw FormatError(
          at_, "expected " + std::to_string(count) + " more bytes of the message, found " + std::to_string(left()));
    }
    at_ += count;
    return message_.subspan(at_ - count, count);
  }

  /// A length and so many bytes; in CDR the last of them is a zero.
  std::string_view take_string() {
    const ByteSpan bytes = take_bytes(take<std::uint32_t>());
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (wire_ == RosWire::Cdr && text.ends_with('\0')) text.remove_suffix(1);
    return text;
  }

  /// Throws unless nothing follows but the padding that CDR writers may add.
  void finish() const {
    constexpr std::size_t most_padding = 7;
    if (left() > (wire_ == RosWire::Cdr ? most_padding : 0)) {
      throw FormatError(at_, "expected the end of the message, found " + std::to_string(left()) + " more bytes");
    }
  }

  RosWire wire() const noexcept { return wire_; }
  std::size_t offset() const noexcept { return at_; }
  std::size_t left() const noexcept { return message_.size() - at_; }

 private:
  static constexpr std::size_t encapsulation = 4;  // bytes that CDR's alignment does not count

  void align(std::size_t size) {
    if (wire_ == RosWire::Ros1) return;
    at_ = std::min((at_ - encapsulation + size - 1) / size * size + encapsulation, message_.size());
  }

  ByteSpan message_;
  RosWire wire_;
  std::size_t at_ = 0;
};

}  // namespace aestream
