// recvmmsg and sendmmsg on Linux; elsewhere a call for each datagram.
#include "stream/datagram_batch.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace aestream {
namespace {

#if defined(__linux__)
using Message = mmsghdr;

int receive_messages(int descriptor, Message* messages, std::size_t count) {
  return recvmmsg(descriptor, messages, static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
}

int send_messages(int descriptor, Message* messages, std::size_t count) {
  return sendmmsg(descriptor, messages, static_cast<unsigned>(count), 0);
}
#else
struct Message {
  msghdr msg_hdr;
  unsigned msg_len;
};

/// call(header), which returns a size or less than 0, for message after message until one fails.
template <class Call>
int for_each(Message* messages, std::size_t count, const Call& call) {
  for (std::size_t i = 0; i < count; ++i) {
    const ssize_t size = call(&messages[i].msg_hdr);
    if (size < 0) return i > 0 ? static_cast<int>(i) : -1;
    messages[i].msg_len = static_cast<unsigned>(size);
  }
  return static_cast<int>(count);
}

int receive_messages(int descriptor, Message* messages, std::size_t count) {
  return for_each(messages, count, [=](msghdr* header) { return recvmsg(descriptor, header, MSG_DONTWAIT); });
}

int send_messages(int descriptor, Message* messages, std::size_t count) {
  return for_each(messages, count, [=](msghdr* header) { return sendmsg(descriptor, header, 0); });
}
#endif

}  // namespace

ReceiveBatch::ReceiveBatch() : memory_(std::make_unique_for_overwrite<std::uint8_t[]>(room * stride)) {}

std::size_t ReceiveBatch::receive(int descriptor) {
  std::array<iovec, room> parts;
  std::array<Message, room> messages{};
  for (std::size_t i = 0; i < room; ++i) {
    parts[i] = {memory_.get() + i * stride, max_datagram};
    messages[i].msg_hdr.msg_name = &senders_[i];
    messages[i].msg_hdr.msg_namelen = sizeof senders_[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int received = receive_messages(descriptor, messages.data(), room);
  if (received < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
    throw std::system_error(errno, std::generic_category(), "receiving datagrams");
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) sizes_[i] = messages[i].msg_len;
  return static_cast<std::size_t>(received);
}

void send_all(int descriptor, const std::vector<ByteSpan>& datagrams) {
  std::vector<iovec> parts(datagrams.size());
  std::vector<Message> messages(datagrams.size());
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    parts[i] = {const_cast<std::uint8_t*>(datagrams[i].data()), datagrams[i].size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (std::size_t sent = 0; sent < datagrams.size();) {
    const int count = send_messages(descriptor, messages.data() + sent, datagrams.size() - sent);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == ENOBUFS || errno == EAGAIN) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    } else if (errno != ECONNREFUSED && errno != EINTR) {  // refused is what became of an earlier datagram
      throw std::system_error(errno, std::generic_category(), "sending datagrams");
    }
  }
}

}  // namespace aestream
