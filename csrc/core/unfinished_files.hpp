// Files that must not outlive the run that writes them: SIGTERM and SIGHUP remove them before they end the process.
#pragma once

#include <string>

namespace aestream {

/// Has the file removed if one of the signals ends the process. A process that handles or ignores a signal keeps its own way
/// with it. The path must be absolute. Children that fork later leave the file alone.
void add_unfinished(const std::string& path);

/// The file is complete, or gone; with the last one the signals do again what they did before.
void drop_unfinished(const std::string& path);

}  // namespace aestream
