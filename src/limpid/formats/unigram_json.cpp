#include "limpid/formats/unigram_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limpid/formats/json_fields.hpp"
#include "limpid/formats/pretokenizer_json.hpp"
#include "limpid/tokenizer/unigram_lattice.hpp"

namespace limpid {
namespace {

template <class Json>
std::optional<TokenId> read_unknown(const Json& model, std::size_t pieces) {
  const Json& id = get(model, "unk_id");
  if (id.is_null()) return std::nullopt;
  if (!id.is_number_unsigned() || id.template get<std::uint64_t>() >= pieces) {
    reject(fmt::format("model.unk_id is {}, expected null or the number of one of {} pieces",
                       shown(id), pieces));
  }
  return id.template get<TokenId>();
}

// What an unknown character costs follows from the lowest number of all. Here those of special
// tokens and of the unknown one are no part of it, so they must not be the lowest.
void expect_pieces_lowest(const std::vector<double>& log_probabilities, std::size_t listed,
                          const TokenSet& tokens) {
  double lowest = 0;
  std::vector<bool> piece(log_probabilities.size(), true);
  for (const TokenId id : tokens.special_ids) piece[static_cast<std::size_t>(id)] = false;
  if (tokens.unknown) piece[static_cast<std::size_t>(*tokens.unknown)] = false;
  for (std::size_t i = 0; i < listed; ++i) {
    if (piece[i]) lowest = std::min(lowest, log_probabilities[i]);
  }
  for (std::size_t i = 0; i < listed; ++i) {
    if (piece[i] || log_probabilities[i] >= lowest) continue;
    reject(
        fmt::format("model.vocab[{}] is no piece of text and has the log probability {}, "
                    "expected none below that of the rarest piece, {}",
                    i, log_probabilities[i], lowest));
  }
}

}  // namespace

template <class Json>
void write_unigram(const UnigramTokenizer& tokenizer, Json& file) {
  Json vocab = Json::array(), unknown;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const double log_probability = tokenizer.log_probability(id);
    vocab.push_back(Json::array({std::string(tokenizer.token_bytes(id)),
                                 log_probability == kImpossible ? 0.0 : log_probability}));
  }
  if (tokenizer.unknown()) unknown = *tokenizer.unknown();
  file["pre_tokenizer"] = Json::parse(to_pretokenizer_json({tokenizer.pattern(), false}));
  file["decoder"] = {{"type", "Fuse"}};
  file["model"] = {{"type", "Unigram"},
                   {"unk_id", std::move(unknown)},
                   {"byte_fallback", false},
                   {"vocab", std::move(vocab)}};
}

template <class Json>
Json numbered_pieces(const Json& model) {
  const Json& vocab = get(model, "model.", "vocab", Json::value_t::array);
  Json numbered = Json::object();
  for (std::size_t i = 0; i < vocab.size(); ++i) {
    const Json& entry = vocab[i];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number()) {
      reject(
          fmt::format("model.vocab[{}] is {}, expected [piece, log probability]", i, shown(entry)));
    }
    const auto [known, fresh] =
        numbered.emplace(entry[0].template get_ref<const std::string&>(), i);
    if (!fresh) {
      reject(fmt::format("model.vocab[{}] has the piece of model.vocab[{}], {}, expected others", i,
                         shown(*known), shown(entry[0])));
    }
  }
  return numbered;
}

template <class Json>
std::unique_ptr<UnigramTokenizer> read_unigram(const Json& file, TokenSet tokens) {
  const Json& model = get(file, "model");
  expect_unset(file, "", {"normalizer"});
  expect_unset(model, "model.", {"byte_fallback"});
  const Cutting cutting = from_pretokenizer_json(get(file, "pre_tokenizer").dump());
  if (cutting.to_bytes) {
    reject("pre_tokenizer has ByteLevel, expected none: pieces of Unigram are text");
  }
  const Json& vocab = get(model, "vocab");
  tokens.unknown = read_unknown(model, vocab.size());
  std::vector<double> log_probabilities;
  for (const Json& entry : vocab) log_probabilities.push_back(entry[1].template get<double>());
  log_probabilities.resize(static_cast<std::size_t>(tokens.vocabulary.size()));
  expect_pieces_lowest(log_probabilities, vocab.size(), tokens);
  return std::make_unique<UnigramTokenizer>(std::move(tokens), std::move(log_probabilities),
                                            cutting.pattern);
}

template void write_unigram(const UnigramTokenizer&, nlohmann::ordered_json&);
template nlohmann::json numbered_pieces(const nlohmann::json&);
template std::unique_ptr<UnigramTokenizer> read_unigram(const nlohmann::json&, TokenSet);

}  // namespace limpid
