/// Numbers as people read them: 1234567 as "1,234,567".
///
/// USES    nothing
/// ERRORS  none
#pragma once

#include <string>

#include "limpid/core/export.hpp"

namespace limpid {

/// Rounded to a whole number, its digits in groups of three.
LIMPID_API std::string grouped(double number);

}  // namespace limpid
