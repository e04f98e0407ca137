// A new file that bytes are appended to, in pieces so large that they need no buffer.
#pragma once

#include <string>

#include "core/bytes.hpp"

namespace aestream {

class OutputFile {
 public:
  /// Throws std::system_error with the path when the file cannot be created, or is there already.
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Throws std::system_error with the path when not all of it can be written.
  void write(ByteSpan bytes);

  /// Throws std::system_error when something written earlier is lost. A second call does nothing.
  void close();

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace aestream
