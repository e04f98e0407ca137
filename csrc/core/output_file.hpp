// An open file that bytes are appended to, in pieces so large that they need no buffer.
#pragma once

#include "core/bytes.hpp"

namespace aestream {

class OutputFile {
 public:
  /// `descriptor` stays the caller's, who closes it.
  explicit OutputFile(int descriptor) : descriptor_(descriptor) {}

  /// Throws std::system_error, without a path, when not all of it can be written.
  void write(ByteSpan bytes);

 private:
  int descriptor_;
};

}  // namespace aestream
