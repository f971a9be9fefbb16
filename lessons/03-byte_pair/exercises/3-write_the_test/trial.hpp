// An encoder that is on trial.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limpid::lesson {

using Tokens = std::vector<std::string>;

/// Left and right of each merge, as their bytes, in the order in which training found them.
using Merges = std::vector<std::pair<std::string, std::string>>;

/// Cuts one piece of text into tokens by these merges: so at least it should.
using Encoder = std::function<Tokens(const Merges& merges, std::string_view piece)>;

/// Yours: does this encoder apply merges in the right order, at the right places?
bool is_right(const Encoder& encode);

}  // namespace limpid::lesson
