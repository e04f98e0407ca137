// aestream._core: the table of contents.
#include "bindings/bindings.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  module.doc() = "The C++ core of aestream. Private: use the names of the package.";
  aestream::prepare_exit();
  aestream::register_errors(module);
  aestream::register_files(module);
  aestream::register_decoders(module);
  aestream::register_representations(module);
  aestream::register_accumulate(module);
  aestream::register_recording(module);
  aestream::register_gathered(module);
  aestream::register_stream(module);
  aestream::register_udp(module);
  aestream::register_csv(module);
  aestream::register_jaer(module);
  aestream::register_es(module);
  aestream::register_triggers(module);
  aestream::register_ros(module);
  aestream::register_ecf(module);
  aestream::register_aedat4(module);
  aestream::register_aedat4_side(module);
  aestream::register_tables(module);
  aestream::register_hdf5(module);
  aestream::register_encoders(module);
  aestream::register_filter(module);
  aestream::register_packed(module);
  aestream::register_zstd(module);
  aestream::register_stored_tensors(module);
  aestream::register_cuda_driver(module);
  aestream::register_cuda_accumulate(module);
}
