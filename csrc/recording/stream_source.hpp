// The source of every format whose payload is one run of words or lines behind a header.
#pragma once

#include <memory>

#include "core/mapped_file.hpp"
#include "recording/source.hpp"

namespace aestream {

class StreamSource final : public Source {
 public:
  /// The payload is file[begin, end of file).
  StreamSource(std::shared_ptr<const MappedFile> file, std::unique_ptr<const Decoder> decoder, std::size_t begin);

  bool must_count() const override { return true; }
  Index build_index(std::size_t threads, bool times) const override;
  Checkpoint start() const override { return {begin_, 0, no_time, {}}; }
  std::unique_ptr<Cursor> open(const Checkpoint& checkpoint) const override;
  void check_places(const Index& index) const override;

 private:
  struct Piece;
  void scan_piece(Piece& piece, std::size_t stride, bool times) const;

  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<const Decoder> decoder_;
  std::size_t begin_;
  ByteSpan payload_;
};

}  // namespace aestream
