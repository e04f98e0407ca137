// An NVRTC whose images are a few bytes at once, for tests of what is done with them; the real one has its own.
#include <cstring>
#include <string>

namespace {

int major = 13, minor = 0, failing = 0, compilations = 0;
std::string options;
constexpr char image[] = "\177ELF of the fake";
constexpr char words[] = "the fake was told so";

}  // namespace

extern "C" {

void fake_nvrtc_reset() { major = 13, minor = failing = compilations = 0, options.clear(); }
void fake_nvrtc_version(int with_major, int with_minor) { major = with_major, minor = with_minor; }
void fake_nvrtc_fail(int with) { failing = with; }
int fake_nvrtc_compilations() { return compilations; }
const char* fake_nvrtc_options() { return options.c_str(); }

int nvrtcVersion(int* to_major, int* to_minor) { return *to_major = major, *to_minor = minor, 0; }
int nvrtcGetNumSupportedArchs(int* count) { return *count = 4, 0; }
int nvrtcGetSupportedArchs(int* architectures) {
  constexpr int known[] = {75, 80, 90, 100};
  std::memcpy(architectures, known, sizeof known);
  return 0;
}
const char* nvrtcGetErrorString(int) { return "NVRTC_ERROR_OF_THE_FAKE"; }
int nvrtcCreateProgram(void** program, const char*, const char*, int, const char* const*, const char* const*) {
  return *program = &compilations, 0;
}
int nvrtcDestroyProgram(void** program) { return *program = nullptr, 0; }
int nvrtcCompileProgram(void*, int count, const char* const* given) {
  ++compilations;
  options.clear();
  for (int i = 0; i < count; ++i) options += given[i] + std::string(" ");
  return failing;
}
int nvrtcGetProgramLogSize(void*, std::size_t* size) { return *size = sizeof words, 0; }
int nvrtcGetProgramLog(void*, char* log) { return std::memcpy(log, words, sizeof words), 0; }
int nvrtcGetCUBINSize(void*, std::size_t* size) { return *size = sizeof image, 0; }
int nvrtcGetCUBIN(void*, char* to) { return std::memcpy(to, image, sizeof image), 0; }
int nvrtcGetPTXSize(void*, std::size_t* size) { return *size = sizeof image, 0; }
int nvrtcGetPTX(void*, char* to) { return std::memcpy(to, image, sizeof image), 0; }
}
