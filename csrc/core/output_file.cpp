// POSIX calls that may do a part of their work, or be interrupted.
#include "core/output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace aestream {

void OutputFile::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category());
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace aestream
