// MappedFile on POSIX.
#include "core/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/file_times.hpp"

namespace aestream {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t sampled_blocks = 8;
constexpr std::size_t sampled_bytes = 512;  // of each

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

[[noreturn]] void fail(int error, const std::string& path) {
  throw std::system_error(error, std::generic_category(), path);
}

/// FNV-1a of words of 8 bytes, and of the bytes behind them: every step is one to one, so that no change is lost.
std::uint64_t hash(ByteSpan bytes, std::uint64_t seed) {
  constexpr std::uint64_t prime = 0x100000001b3;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) seed = (seed ^ load_le64(bytes.data())) * prime;
  for (const std::uint8_t byte : bytes) seed = (seed ^ byte) * prime;
  return seed;
}

/// Of blocks from the first to the last, evenly apart.
std::uint64_t hash_sample(ByteSpan bytes) {
  std::uint64_t seed = 0xcbf29ce484222325;
  if (bytes.size() <= sampled_blocks * sampled_bytes) return hash(bytes, seed);
  const std::size_t last = bytes.size() - sampled_bytes;
  for (std::size_t i = 0; i < sampled_blocks; ++i) {
    const std::size_t at = last / (sampled_blocks - 1) * i;
    seed = hash(bytes.subspan(i + 1 == sampled_blocks ? last : at, sampled_bytes), seed);
  }
  return seed;
}

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  // O_NONBLOCK: a FIFO that nobody writes to is refused, and not waited for.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) fail(errno, path);
  struct stat status{};
  if (::fstat(file.fd, &status) != 0) fail(errno, path);
  if (S_ISDIR(status.st_mode)) fail(EISDIR, path);
  if (!S_ISREG(status.st_mode)) fail(EINVAL, path);
  size_ = static_cast<std::size_t>(status.st_size);
  identity_ = {static_cast<std::uint64_t>(status.st_dev), status.st_ino, size_, modified_ns(status), hash_sample({})};
  seen_ns_ = identity_.modified_ns;
  if (size_ == 0) return;
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (memory == MAP_FAILED) fail(errno, path);
  data_ = static_cast<const std::uint8_t*>(memory);
  try {
    guard_.emplace(data_, size_);
  } catch (...) {
    ::munmap(memory, size_);
    throw;
  }
  identity_.sample = hash_sample(bytes());
}

MappedFile::~MappedFile() {
  guard_.reset();
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

void MappedFile::fail_lost() const {
  throw FileChanged(path_, "the file has changed since it was opened: it was cut short, or cannot be read any more");
}

void MappedFile::check() const {
  check_lost();
  struct stat status{};
  const bool is_same = ::stat(path_.c_str(), &status) == 0 &&
                       static_cast<std::uint64_t>(status.st_dev) == identity_.device &&
                       status.st_ino == identity_.inode;
  if (!is_same) return;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < size_) {
    throw FileChanged(path_, "the file has changed since it was opened: it had " + std::to_string(size_) +
                                 " bytes, and has " + std::to_string(size));
  }
  if (modified_ns(status) == seen_ns_.load(std::memory_order_relaxed)) return;
  const std::uint64_t sample = hash_sample(bytes());
  check_lost();
  if (sample != identity_.sample) {
    throw FileChanged(path_, "the file has changed since it was opened: it was written over");
  }
  seen_ns_ = modified_ns(status);
}

void MappedFile::forget(std::size_t first, std::size_t last) const noexcept {
  first = (first + page - 1) / page * page;
  last = last >= size_ ? size_ : last / page * page;
  if (data_ == nullptr || first >= last) return;
  auto* const memory = const_cast<std::uint8_t*>(data_);
  ::madvise(memory + first, last - first, MADV_DONTNEED);
  const std::size_t before = forgotten_.fetch_add(last - first, std::memory_order_relaxed);
  if (before % large + (last - first) >= large) ::madvise(memory, size_, MADV_DONTNEED);
}

}  // namespace aestream
