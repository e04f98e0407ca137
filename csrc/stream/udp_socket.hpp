// A UDP socket that is bound for receiving or connected for sending, of either family of addresses.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace aestream {

/// A host and a port, for humans and for the system. `interface` is the one that a multicast group is joined or sent on;
/// empty: the system chooses.
struct UdpAddress {
  std::string host;
  std::uint16_t port = 0;
  std::string interface;
};

/// Owns a file descriptor. Failures throw std::system_error with "host:port" in front, or std::invalid_argument for an
/// address or interface that is none.
class UdpSocket {
 public:
  /// Listens at a local address, at a free port if it is 0; joins the group if the host is one.
  static UdpSocket bind(const UdpAddress& address, std::size_t receive_bytes);
  static UdpSocket connect(const UdpAddress& address);

  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&&) = delete;
  ~UdpSocket() { close(); }

  void close();

  int descriptor() const { return descriptor_; }
  std::uint16_t port() const;

  /// Bytes of datagrams, with the system's overhead, that it holds for us.
  std::size_t receive_buffer() const;

  /// Datagrams that the system has lost since the socket was made, modulo 2^32; nothing where it does not tell.
  std::optional<std::uint32_t> kernel_drops() const;

 private:
  explicit UdpSocket(int family);

  int descriptor_;
};

}  // namespace aestream
