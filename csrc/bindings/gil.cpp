// The guards, and what happens at the interpreter's end.
#include "bindings/gil.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/parallel.hpp"

namespace aestream {
namespace {

constexpr std::chrono::seconds patience{5};  // with threads that are in Python

std::atomic<int> guests{0};  // threads of ours that are in Python
std::atomic<bool> is_left{false};
std::atomic<std::thread::id> last_thread;  // which may still go there

[[noreturn]] void wait_for_ever() {
  while (true) pause();
}

/// Whoever has the GIL must go on, or nobody gets it any more. While the interpreter ends, only the thread that ends it has it.
bool may_enter_python() {
  return !is_left || last_thread.load() == std::this_thread::get_id() ||
         (Py_IsInitialized() != 0 && PyGILState_Check() != 0);
}

void ask_python() {
  const py::gil_scoped_acquire acquired;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

/// Waits for threads that are in Python, and makes those that want to go there wait for ever; but for the calling one.
void leave_python() {
  dismiss_helpers();
  last_thread = std::this_thread::get_id();
  is_left = true;
  PyThreadState* const state = PyEval_SaveThread();
  const auto end = Interrupts::Clock::now() + patience;
  while (guests > 0 && Interrupts::Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  PyEval_RestoreThread(state);
}

}  // namespace

void prepare_exit() {
  pthread_atfork(nullptr, nullptr, [] { guests = 0; });  // a child has none of its parent's threads
  py::module_::import("atexit").attr("register")(py::cpp_function(&leave_python));
}

namespace py {

gil_scoped_release::gil_scoped_release()
    : interrupts_({&ask_python, nullptr, Interrupts::Clock::now()}), state_(PyEval_SaveThread()) {}

/// What is caught is no exception: it is the unwinding of pthread_exit(), which must not get any further.
gil_scoped_release::~gil_scoped_release() {
  try {
    PyEval_RestoreThread(state_);
  } catch (...) {
    wait_for_ever();
  }
}

gil_scoped_acquire::gil_scoped_acquire() {
  ++guests;
  if (!may_enter_python()) {
    --guests;
    wait_for_ever();
  }
  try {
    held_.emplace();
  } catch (...) {
    --guests;
    wait_for_ever();
  }
}

gil_scoped_acquire::~gil_scoped_acquire() {
  held_.reset();
  --guests;
}

}  // namespace py
}  // namespace aestream
