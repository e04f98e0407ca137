// A thread that is joined by whoever owns it, and left alone in a forked child, where it does not run.
#pragma once

#include <unistd.h>

#include <memory>
#include <thread>
#include <utility>

namespace aestream {

class OwnThread {
 public:
  OwnThread() = default;
  template <class Run>
  explicit OwnThread(Run&& run) : process_(getpid()), thread_(std::make_unique<std::thread>(std::forward<Run>(run))) {}
  OwnThread(OwnThread&&) noexcept = default;
  OwnThread& operator=(OwnThread&&) noexcept = default;
  ~OwnThread() { join(); }

  /// Whether this is a copy in a forked child: what the thread shares with its owner must not be touched here.
  bool is_foreign() const { return thread_ != nullptr && getpid() != process_; }

  /// Waits for the thread to end. In a forked child there is nothing to wait for, and its handle must not be freed.
  void join() {
    if (is_foreign()) {
      static_cast<void>(thread_.release());
    } else if (thread_ != nullptr && thread_->joinable()) {
      thread_->join();
    }
  }

 private:
  pid_t process_ = 0;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace aestream
