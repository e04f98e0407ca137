// AEDAT 3.1 (cAER): little-endian packets of one kind of event each. Spec: docs.inivation.com, "AEDAT 3.1".
#pragma once

#include <optional>

#include "decode/decoder.hpp"

namespace aestream {

inline constexpr std::size_t aedat3_event_size = 8;  // of a polarity event

/// A packet of polarity events.
struct Aedat3Packet {
  static constexpr std::size_t header_size = 28;

  std::size_t offset = 0;      // of its header
  std::int64_t time_base = 0;  // of the overflows of the 31-bit clock
  bool claims_valid = false;   // whether eventValid says that some events are valid
  ByteSpan events;             // as far as the file holds them whole; never empty

  std::size_t begin() const noexcept { return offset + header_size; }
};

/// Goes from packet to packet, past those of other kinds and other cameras, and past those that hold no event.
class Aedat3Walk {
 public:
  /// From the header at `at`; with `camera` only packets of that eventSource.
  Aedat3Walk(ByteSpan file, std::size_t at, std::optional<std::uint16_t> camera)
      : file_(file), at_(at), camera_(camera) {}

  /// Throws FormatError for events without size, polarity events of another size than 8, and more valid events than
  /// there are.
  std::optional<Aedat3Packet> next();

  std::size_t offset() const noexcept { return at_; }
  /// Of a last packet, from its header on, that the file does not hold whole.
  std::size_t cut_bytes() const noexcept { return cut_bytes_; }

 private:
  ByteSpan file_;
  std::size_t at_;
  std::optional<std::uint16_t> camera_;
  std::size_t cut_bytes_ = 0;
};

/// Whether events that are marked invalid count: some writers leave the mark out of all events of a packet.
bool keeps_invalid(const Aedat3Packet& packet);

/// Decodes stored events until they or `out` are used up; drops invalid ones unless `keep_invalid`.
Progress decode_aedat3(ByteSpan events, std::int64_t time_base, bool keep_invalid, EventSpan out);

/// Counts what decode_aedat3() gives; `time_bound` is the latest time itself.
Scan scan_aedat3(ByteSpan events, std::int64_t time_base, bool keep_invalid);

}  // namespace aestream
