/// Base64: three bytes as four letters, for files that may hold only text.
///
///   bytes    t        h        e
///   bits     01110100 01101000 01100101
///   in sixes 011101 000110 100001 100101
///   letters  d      G      h      l          "the" is dGhl; one byte less: dGg=, two less: dA==
///
/// Only the canonical spelling is read: four letters at a time, = only where bytes are missing at
/// the end, no bits left over. So different texts are different bytes.
///
/// SOURCE  RFC 4648, section 4
/// USES    nothing
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

/// The bytes that a text spells; nothing when it spells none.
LIMPID_API std::optional<std::string> from_base64(std::string_view text);

}  // namespace limpid
