// The packets of one AEDAT4 stream that holds no events, found through their headers and inflated one at a time.
#pragma once

#include <memory>
#include <vector>

#include "core/interrupt.hpp"
#include "core/mapped_file.hpp"
#include "recording/packet_inflater.hpp"

namespace aestream {

class SidePackets {
 public:
  /// Throws FormatError where a packet's header is damaged. A last packet that the file does not hold whole is left out.
  SidePackets(std::shared_ptr<const MappedFile> file, const Aedat4Layout& layout, std::int32_t stream,
              Aedat4Compression compression, Inflate inflate);

  std::size_t size() const noexcept { return packets_.size(); }

  /// read(inflated bytes of packet i), whose FormatErrors count from the first of them; the bytes may lie in `scratch`.
  template <class Read>
  auto read(std::size_t i, Buffer& scratch, const Read& read) const {
    check_interrupt();
    return file_->guarded([&] { return inflater_.read(packets_.at(i), scratch, read); });
  }

 private:
  std::shared_ptr<const MappedFile> file_;
  PacketInflater inflater_;
  std::vector<Packet> packets_;
};

}  // namespace aestream
