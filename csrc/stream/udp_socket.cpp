// Addresses by getaddrinfo, so that names and both families work; options that some systems lack in functions of their own.
#include "stream/udp_socket.hpp"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#if defined(__linux__)
#include <linux/sock_diag.h>

static constexpr int forced_receive_buffer = SO_RCVBUFFORCE;

static std::optional<std::uint32_t> read_drops(int descriptor) {
  std::uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  const bool told = getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0;
  if (!told || size <= SK_MEMINFO_DROPS * sizeof *memory) return std::nullopt;
  return memory[SK_MEMINFO_DROPS];
}
#else
static constexpr int forced_receive_buffer = SO_RCVBUF;

static std::optional<std::uint32_t> read_drops(int) { return std::nullopt; }
#endif

namespace aestream {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string name_of(const UdpAddress& address) { return address.host + ':' + std::to_string(address.port); }

[[noreturn]] void fail(const UdpAddress& address) {
  throw std::system_error(errno, std::generic_category(), name_of(address));
}

unsigned interface_index(const UdpAddress& address) {
  if (address.interface.empty()) return 0;
  const unsigned index = if_nametoindex(address.interface.c_str());
  if (index == 0) throw std::invalid_argument("there is no network interface \"" + address.interface + '"');
  return index;
}

AddressList resolve(const UdpAddress& address, bool passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const int code = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (code != 0) {
    throw std::invalid_argument("host must be an address or a name that is known, got \"" + address.host +
                                "\": " + gai_strerror(code));
  }
  if (found->ai_family == AF_INET6) {
    auto* local = reinterpret_cast<sockaddr_in6*>(found->ai_addr);
    if (local->sin6_scope_id == 0) local->sin6_scope_id = interface_index(address);  // link-local ones need it
  }
  return {found, &freeaddrinfo};
}

bool is_group(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return IN_MULTICAST(ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr));
  }
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_MULTICAST(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

template <class Value>
bool set_option(int descriptor, int level, int option, const Value& value) {
  return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

bool join_group(int descriptor, const sockaddr* address, unsigned interface) {
  if (address->sa_family == AF_INET) {
    ip_mreqn request{};
    request.imr_multiaddr = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    request.imr_ifindex = static_cast<int>(interface);
    return set_option(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
  }
  const auto* group = reinterpret_cast<const sockaddr_in6*>(address);
  const ipv6_mreq request{group->sin6_addr, interface != 0 ? interface : group->sin6_scope_id};
  return set_option(descriptor, IPPROTO_IPV6, IPV6_JOIN_GROUP, request);
}

bool send_on(int descriptor, int family, unsigned interface) {
  if (family == AF_INET6) return set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(interface));
  ip_mreqn request{};
  request.imr_ifindex = static_cast<int>(interface);
  return set_option(descriptor, IPPROTO_IP, IP_MULTICAST_IF, request);
}

}  // namespace

UdpSocket::UdpSocket(int family) : descriptor_(::socket(family, SOCK_DGRAM, 0)) {}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

void UdpSocket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

UdpSocket UdpSocket::bind(const UdpAddress& address, std::size_t receive_bytes) {
  const AddressList list = resolve(address, true);
  const sockaddr* local = list->ai_addr;
  const unsigned interface = interface_index(address);
  UdpSocket result(local->sa_family);
  const int socket = result.descriptor();
  if (socket < 0) fail(address);
  const bool group = is_group(local);
  if (local->sa_family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);  // "::" hears IPv4 as well
  if (group) set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);                          // as others may listen, too
  const int wanted = static_cast<int>(receive_bytes);
  if (!set_option(socket, SOL_SOCKET, forced_receive_buffer, wanted)) set_option(socket, SOL_SOCKET, SO_RCVBUF, wanted);
  if (::bind(socket, local, list->ai_addrlen) != 0) fail(address);
  if (group && !join_group(socket, local, interface)) fail(address);
  return result;
}

UdpSocket UdpSocket::connect(const UdpAddress& address) {
  const AddressList list = resolve(address, false);
  const unsigned interface = interface_index(address);
  UdpSocket result(list->ai_family);
  const int socket = result.descriptor();
  if (socket < 0) fail(address);
  if (interface != 0 && !send_on(socket, list->ai_family, interface)) fail(address);
  if (::connect(socket, list->ai_addr, list->ai_addrlen) != 0) fail(address);
  return result;
}

std::uint16_t UdpSocket::port() const {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&local), &size);
  return ntohs(local.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(local).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(local).sin_port);
}

std::size_t UdpSocket::receive_buffer() const {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  getsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, &size);
  return static_cast<std::size_t>(bytes);
}

std::optional<std::uint32_t> UdpSocket::kernel_drops() const { return read_drops(descriptor_); }

}  // namespace aestream
