// Lists the packets of a stream.
#include "recording/side_packets.hpp"

#include "core/interrupt.hpp"

namespace aestream {

SidePackets::SidePackets(std::shared_ptr<const MappedFile> file, const Aedat4Layout& layout, std::int32_t stream,
                         Aedat4Compression compression, Inflate inflate)
    : file_(std::move(file)), inflater_(compression, std::move(inflate)) {
  PacketWalk walk(file_->bytes(), layout, layout.begin);
  while (const auto packet = walk.next()) {
    check_interrupt();
    if (packet->stream == stream) packets_.push_back(*packet);
  }
}

}  // namespace aestream
