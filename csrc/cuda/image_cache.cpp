// An entry is three lines – what it is, its key, the fingerprint of what follows – and then the image.
#include "cuda/image_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/output_file.hpp"
#include "cuda/fingerprint.hpp"

namespace aestream::cuda {
namespace {

constexpr std::size_t max_bytes = 256 << 20;

std::string head_of(const std::string& key, std::string_view image) {
  return "aestream kernels 1\n" + key + "\n" + std::to_string(fingerprint(image)) + "\n";
}

std::string_view text_of(const std::vector<std::uint8_t>& image) {
  return {reinterpret_cast<const char*>(image.data()), image.size()};
}

ByteSpan bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  operator int() const { return number_; }

 private:
  int number_;
};

/// All of a regular file that is the user's or the administrator's; empty if it is none.
std::string read_own(int descriptor) {
  struct stat status{};
  if (descriptor < 0 || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (status.st_uid != geteuid() && status.st_uid != 0) return {};
  if (status.st_size <= 0 || static_cast<std::size_t>(status.st_size) > max_bytes) return {};
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(descriptor, &text[filled], text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    filled += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> ImageCache::read(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const Descriptor file(open((folder_ + "/" + key).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const std::string text = read_own(file);
  std::size_t begin = 0;
  for (int line = 0; line < 3; ++line) {
    begin = text.find('\n', begin) + 1;
    if (begin == 0) return std::nullopt;
  }
  const std::string_view image = std::string_view(text).substr(begin);
  if (image.empty() || text.compare(0, begin, head_of(key, image)) != 0) return std::nullopt;
  return std::vector<std::uint8_t>(image.begin(), image.end());
}

void ImageCache::write(const std::string& key, const std::vector<std::uint8_t>& image) const {
  if (folder_.empty()) return;
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  std::string temporary = folder_ + "/XXXXXX";
  const Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file < 0) return;
  try {
    OutputFile output(file);
    output.write(bytes_of(head_of(key, text_of(image))));
    output.write({image.data(), image.size()});
    if (std::rename(temporary.c_str(), (folder_ + "/" + key).c_str()) == 0) return;
  } catch (const std::system_error&) {  // the disk is full
  }
  unlink(temporary.c_str());
}

}  // namespace aestream::cuda
