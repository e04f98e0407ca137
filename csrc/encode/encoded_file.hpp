// A file that an encoder writes: what the encoder leaves for later is kept, and what it writes goes out in large pieces.
#pragma once

#include <memory>
#include <vector>

#include "core/output_file.hpp"
#include "encode/encoder.hpp"

namespace aestream {

class EncodedFile {
 public:
  /// Writes the header. The open file stays the caller's. Throws std::system_error, as write() and finish() do.
  EncodedFile(int descriptor, std::unique_ptr<Encoder> encoder, ByteSpan header);

  /// Appends events, which have passed an EventCheck. Keeps the last few.
  void write(ConstEventSpan events);

  /// Writes what is kept.
  void finish();

 private:
  std::size_t encode(ConstEventSpan events, bool more);
  void flush();

  OutputFile file_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<std::uint8_t> bytes_;
  std::size_t filled_ = 0;
  std::vector<Event> kept_;
};

}  // namespace aestream
