// AESTREAM_MULTIVERSION: compiles a hot function for several x86-64 levels; the loader picks the best one at run time.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define AESTREAM_MULTIVERSION __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define AESTREAM_MULTIVERSION
#endif
