// The events that an encoder leaves are fed again with those of the next call behind them.
#include "encode/encoded_file.hpp"

#include <algorithm>
#include <utility>

namespace aestream {
namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 18;  // stays in the cache between encoder and system call

}  // namespace

EncodedFile::EncodedFile(int descriptor, std::unique_ptr<Encoder> encoder, ByteSpan header)
    : file_(descriptor), encoder_(std::move(encoder)), bytes_(buffer_size) {
  file_.write(header);
}

void EncodedFile::flush() {
  file_.write({bytes_.data(), filled_});
  filled_ = 0;
}

/// Returns the events consumed: all of them, unless there are `more` to come.
std::size_t EncodedFile::encode(ConstEventSpan events, bool more) {
  std::size_t done = 0;
  while (true) {
    const Encoded part = encoder_->encode(events.subspan(done), more, MutableByteSpan(bytes_).subspan(filled_));
    done += part.events;
    filled_ += part.bytes;
    if (part.events == 0 && part.bytes == 0) return done;
    if (bytes_.size() - filled_ < Encoder::min_room) flush();
  }
}

void EncodedFile::write(ConstEventSpan events) {
  if (!kept_.empty()) {
    const std::size_t before = kept_.size(), joined = std::min(events.size(), 2 * Encoder::max_pending);
    kept_.insert(kept_.end(), events.begin(), events.begin() + static_cast<std::ptrdiff_t>(joined));
    const std::size_t done = encode(kept_, true);
    if (joined == events.size()) {
      kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(done));
      return;
    }
    kept_.clear();
    events = events.subspan(done - before);
  }
  const ConstEventSpan rest = events.subspan(encode(events, true));
  kept_.assign(rest.begin(), rest.end());
}

void EncodedFile::finish() {
  encode(kept_, false);
  kept_.clear();
  flush();
}

}  // namespace aestream
