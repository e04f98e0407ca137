// Which format a file has, by its first bytes; and the decoder of each stream format.
#pragma once

#include <memory>
#include <string>

#include "decode/decoder.hpp"

namespace aestream {

/// The name of a format or of a compression, such as "raw", "aedat4", "hdf5" or "gzip"; "" if nothing fits.
std::string detect_format(ByteSpan file);

/// Names: "evt2", "evt21", "evt21_legacy", "evt3", "dat", "dat1", "es_dvs", "es_atis", "es_color" (y as stored), "bin40",
/// "csv" (t,x,y,p), "events" (`Event`s), and as jAER mirrors them "aedat1", "aedat2_dvs128", "aedat2_davis346". Throws
/// std::invalid_argument for any other.
std::unique_ptr<const Decoder> make_decoder(const std::string& name);

}  // namespace aestream
