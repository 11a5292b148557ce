#pragma once
/// Names of our threads, as `top -H`, perf and a debugger show them beside CAF's.

#include <sys/prctl.h>

namespace im {

/// Of the calling thread. Linux keeps 15 characters.
inline void name_this_thread(const char* name) noexcept { ::prctl(PR_SET_NAME, name); }

}  // namespace im
