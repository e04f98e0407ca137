// ES (Event Stream) 2.x: a byte of time and flags, then x and y; times add up. Spec: github.com/neuromorphicsystems/event_stream.
#pragma once

#include "decode/decoder.hpp"
#include "decode/header.hpp"

namespace aestream {

enum class EsType : std::uint8_t { Dvs = 1, Atis = 2, Color = 4 };

/// The 20 bytes before the first word; `variant` is "dvs", "atis" or "color". Throws FormatError for other types, which
/// hold no pixel events, and for another major version than 2.
StreamHeader read_es_header(ByteSpan file);

class EsDecoder final : public SequentialDecoder {
 public:
  /// y counts from the bottom in the file: of a sensor of `height` rows it becomes height - 1 - y; 0 keeps it as stored.
  /// ATIS files give their changes, not their exposure measurements; events with a colour have polarity 1.
  EsDecoder(EsType type, std::uint32_t height) : type_(type), height_(height) {}

  Progress decode(ByteSpan bytes, State& state, EventSpan out) const override;
  Scan scan(ByteSpan bytes, State& state, bool times) const override;
  std::size_t max_events_per_word() const override { return 1; }
  bool could_leave(const State& state) const override;

 private:
  EsType type_;
  std::uint32_t height_;
};

}  // namespace aestream
