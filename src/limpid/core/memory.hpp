/// Keeping memory: a training step makes and drops the same large matrices again and again.
///
/// By default the C library gives blocks above 32 MB back to the system as soon as they are freed, smaller
/// ones until it has adapted to their size, and the end of its heap when much of it is free. The system
/// hands out zeroed pages anew, one fault per 4 KB: thousands of faults in every step, about 5% of its time
/// when this was written. A program that says it will need the memory again keeps it.
///
/// And giving memory back: zeros need none. A page that the system has taken back is all zeros when
/// somebody looks at it again, and only then takes memory.
///
/// USES    nothing
#pragma once

#include <cstddef>
#include <span>

#include "limpid/core/export.hpp"

namespace limpid {

/// Tells the allocator to keep freed memory. Call it once, at the start of a program.
LIMPID_API void keep_freed_memory();

/// Gives the whole pages among these bytes back, where the system can. They stay zeros.
/// REQUIRES that all of them are zero, and lie in memory that was allocated (not in a mapped file)
LIMPID_API void give_back_zeros(std::span<std::byte> zeros);

}  // namespace limpid
