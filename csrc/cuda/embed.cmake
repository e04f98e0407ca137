# Writes the sources of the kernels into a C++ file: cmake -DFOLDER=csrc/accumulate/cuda -DOUTPUT=kernel_sources.cpp -P ...
file(GLOB headers RELATIVE "${FOLDER}" "${FOLDER}/*.cuh")
list(SORT headers)
list(LENGTH headers count)
set(names "")
set(texts "")
foreach(header IN LISTS headers)
  file(READ "${FOLDER}/${header}" text)
  string(APPEND names "    \"${header}\",\n")
  string(APPEND texts "    R\"source(${text})source\",\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by csrc/cuda/embed.cmake.
#include \"cuda/kernel_sources.hpp\"

namespace aestream::cuda {

const char* const kernel_names[] = {
${names}};
const char* const kernel_texts[] = {
${texts}};
const std::size_t kernel_sources = ${count};

}  // namespace aestream::cuda
")
