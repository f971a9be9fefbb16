// Encoding as it is defined: what the second part of the exercise asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limpid/tokenizer/byte_pair_plain.hpp"

namespace limpid::lesson {

/// The tokens of one piece of text, as their bytes. It begins as single bytes, and the merges that
/// were learned are applied to it.
std::vector<std::string> encode_plainly(std::string_view piece, const LearnedMerges& learned);

}  // namespace limpid::lesson
