// libFuzzer's entry: AESTREAM_FUZZ_ENTRY is the function of one target.
#include <cstddef>
#include <cstdint>
#include <cstdio>

extern "C" const char* AESTREAM_FUZZ_ENTRY(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const char* failure = AESTREAM_FUZZ_ENTRY(data, size)) {
    std::fprintf(stderr, "%s\n", failure);
    __builtin_trap();
  }
  return 0;
}
