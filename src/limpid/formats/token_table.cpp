#include "limpid/formats/token_table.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "limpid/formats/file_handle.hpp"

namespace limpid {

void TokenTable::place(std::string_view name, std::string_view shown_id,
                       std::optional<std::uint64_t> id, std::string bytes) {
  if (!id || *id >= tokens_.size()) {
    const std::string expected = tokens_.empty() ? "no token at all"
                                                 : fmt::format("0 to {}: there are {} tokens",
                                                               tokens_.size() - 1, tokens_.size());
    throw std::runtime_error(
        fmt::format("token {} has id {}, expected {}", in_quotes(name), shown_id, expected));
  }
  std::optional<std::string>& slot = tokens_[static_cast<std::size_t>(*id)];
  if (slot) {
    throw std::runtime_error(
        fmt::format("token {} has id {}, as another token has", in_quotes(name), shown_id));
  }
  slot = std::move(bytes);
}

void TokenTable::place(std::string_view name, std::uint64_t id, std::string bytes) {
  place(name, fmt::to_string(id), id, std::move(bytes));
}

Vocabulary TokenTable::vocabulary() const {
  Vocabulary vocabulary;
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (!tokens_[id]) {
      throw std::runtime_error(
          fmt::format("no token has id {}, expected ids 0 to {}", id, tokens_.size() - 1));
    }
    const TokenId added = vocabulary.add(*tokens_[id]);
    if (added != static_cast<TokenId>(id)) {
      throw std::runtime_error(
          fmt::format("token {} has the bytes of token {}, expected others", id, added));
    }
  }
  return vocabulary;
}

}  // namespace limpid
