// What CUDA's libraries report: a code and a message that names the function and, where that is known, what to do.
#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace aestream::cuda {

class CudaError : public std::runtime_error {
 public:
  explicit CudaError(const std::string& message, int code = 0) : std::runtime_error(message), code_(code) {}

  /// As the library returned it; 0 where none did.
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// The device's memory is full.
class DeviceMemoryError : public std::bad_alloc {
 public:
  explicit DeviceMemoryError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace aestream::cuda
