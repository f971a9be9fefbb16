/// Keeping memory: a training step makes and drops the same large matrices again and again.
///
/// The C library returns blocks above 128 KB to the system as soon as they are freed, and the system
/// hands out zeroed pages anew, one fault per 4 KB: thousands of faults in every step, about 5% of its
/// time. A program that says it will need the memory again keeps it.
///
/// USES    nothing
#pragma once

#include "limpid/core/export.hpp"

namespace limpid {

/// Tells the allocator to keep freed memory. Call it once, at the start of a program.
LIMPID_API void keep_freed_memory();

}  // namespace limpid
