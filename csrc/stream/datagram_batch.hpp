// Many datagrams by one system call, where the system has one for that.
#pragma once

#include <sys/socket.h>

#include <array>
#include <memory>
#include <vector>

#include "core/bytes.hpp"

namespace aestream {

/// Received datagrams of any size, and who sent them. They stay valid until the next receive().
class ReceiveBatch {
 public:
  static constexpr std::size_t room = 64;

  ReceiveBatch();
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  /// Takes what is there, without waiting; returns how many. Throws std::system_error.
  std::size_t receive(int descriptor);

  ByteSpan datagram(std::size_t i) const { return {memory_.get() + i * stride, sizes_[i]}; }
  const sockaddr_storage& sender(std::size_t i) const { return senders_[i]; }

 private:
  static constexpr std::size_t max_datagram = 65536;
  static constexpr std::size_t stride = max_datagram + 4096 + 64;  // so that all beginnings fit into the cache

  std::unique_ptr<std::uint8_t[]> memory_;
  std::array<std::size_t, room> sizes_{};
  std::array<sockaddr_storage, room> senders_{};
};

/// Sends all datagrams of a connected socket, waiting where the system has no room. That nobody listens is no failure.
/// Throws std::system_error.
void send_all(int descriptor, const std::vector<ByteSpan>& datagrams);

}  // namespace aestream
