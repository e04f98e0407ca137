// A clock for each sender of datagrams, by its address: as many as one could want, and no more.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <map>

#include "decode/datagram.hpp"

namespace aestream {

class SenderClocks {
 public:
  static constexpr std::size_t limit = 1024;  // senders; then the one that was silent for longest is forgotten

  /// Valid until the next call.
  SenderClock& of(const sockaddr_storage& sender);

 private:
  using Key = std::array<std::uint8_t, 24>;  // family, port, address and scope
  struct Entry {
    SenderClock clock;
    std::uint64_t used = 0;
  };

  std::map<Key, Entry> entries_;
  std::map<Key, Entry>::iterator latest_ = entries_.end();
  std::uint64_t uses_ = 0;
};

}  // namespace aestream
