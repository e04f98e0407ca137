// Looking a sender up: mostly it is the one of the datagram before.
#include "stream/senders.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace aestream {
namespace {

template <class Key, class Field>
void append(Key& key, std::size_t& size, const Field& field) {
  std::memcpy(key.data() + size, &field, sizeof field);
  size += sizeof field;
}

template <class Key>
Key key_of(const sockaddr_storage& sender) {
  Key key{};
  std::size_t size = 0;
  if (sender.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(sender);
    append(key, size, address.sin6_port);
    append(key, size, address.sin6_addr);
    append(key, size, address.sin6_scope_id);
  } else {
    const auto& address = reinterpret_cast<const sockaddr_in&>(sender);
    append(key, size, address.sin_port);
    append(key, size, address.sin_addr);
  }
  return key;
}

}  // namespace

SenderClock& SenderClocks::of(const sockaddr_storage& sender) {
  const Key key = key_of<Key>(sender);
  if (latest_ == entries_.end() || latest_->first != key) {
    latest_ = entries_.find(key);
    if (latest_ == entries_.end()) {
      if (entries_.size() == limit) {
        entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.used; }));
      }
      latest_ = entries_.try_emplace(key).first;
    }
  }
  latest_->second.used = ++uses_;
  return latest_->second.clock;
}

}  // namespace aestream
