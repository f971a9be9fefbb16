#include "limpid/formats/scored_pair_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/formats/json_fields.hpp"
#include "limpid/tokenizer/unigram.hpp"

namespace limpid {
namespace {

constexpr TokenId kFirstPiece = 259;  // behind <unk>, <s>, </s> and the bytes
constexpr std::string_view kMark = "\xE2\x96\x81";

bool is_piece(const ScoredPairTokenizer& tokenizer, TokenId id) {
  return !tokenizer.byte_of(id) && !tokenizer.is_special(id) && id != tokenizer.unknown();
}

/// How a text is changed before it is cut, and changed back.
template <class Json>
Json normalizer_of(bool space_before) {
  Json replace = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kMark}};
  if (!space_before) return replace;
  const Json prepend = {{"type", "Prepend"}, {"prepend", kMark}};
  return {{"type", "Sequence"}, {"normalizers", Json::array({prepend, replace})}};
}

template <class Json>
Json decoder_of(bool space_before) {
  const Json replace = {{"type", "Replace"}, {"pattern", {{"String", kMark}}}, {"content", " "}};
  Json steps = Json::array({replace, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
  if (space_before) {
    steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return {{"type", "Sequence"}, {"decoders", steps}};
}

/// Puts the begin token before every text.
template <class Json>
Json begin_of(const std::string& name, TokenId id) {
  const Json mark = {{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  const auto text = [](const char* which, int type) {
    return Json{{"Sequence", {{"id", which}, {"type_id", type}}}};
  };
  Json marks = Json::object();
  marks[name] = {{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
  return {{"type", "TemplateProcessing"},
          {"single", Json::array({mark, text("A", 0)})},
          {"pair", Json::array({mark, text("A", 0), text("B", 1)})},
          {"special_tokens", marks}};
}

/// The pairs that make pieces, those of the best pieces first.
std::vector<std::pair<std::string, std::string>> merges_of(const ScoredPairTokenizer& tokenizer) {
  std::vector<TokenId> pieces;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (is_piece(tokenizer, id)) pieces.push_back(id);
  }
  std::stable_sort(pieces.begin(), pieces.end(),
                   [&](TokenId a, TokenId b) { return tokenizer.score(a) > tokenizer.score(b); });
  std::vector<std::pair<std::string, std::string>> merges;
  for (const TokenId id : pieces) {
    const std::string_view piece = tokenizer.token_bytes(id);
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const auto left = tokenizer.vocabulary().find(piece.substr(0, cut));
      const auto right = tokenizer.vocabulary().find(piece.substr(cut));
      if (!left || !right || !is_piece(tokenizer, *left) || !is_piece(tokenizer, *right)) continue;
      merges.emplace_back(piece.substr(0, cut), piece.substr(cut));
    }
  }
  return merges;
}

/// Both halves of "a b" or ["a", "b"], joined.
template <class Json>
std::string joined_merge(const Json& merge, std::size_t index) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return merge[0].template get<std::string>() + merge[1].template get<std::string>();
  }
  const std::string text = merge.is_string() ? merge.template get<std::string>() : "";
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
    reject(fmt::format("model.merges[{}] is {}, expected \"a b\" or [\"a\", \"b\"]", index,
                       shown(merge)));
  }
  return text.substr(0, space) + text.substr(space + 1);
}

template <class Json>
std::vector<float> read_scores(const Json& merges, const TokenSet& tokens) {
  std::vector<TokenId> order;
  std::vector<bool> seen(static_cast<std::size_t>(tokens.vocabulary.size()), false);
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::string piece = without_space_marks(joined_merge(merges[i], i));
    const auto id = tokens.vocabulary.find(piece);
    if (!id) {
      reject(fmt::format("model.merges[{}] makes {}, which is not in model.vocab", i,
                         shown(Json(piece))));
    }
    if (seen[static_cast<std::size_t>(*id)]) continue;
    seen[static_cast<std::size_t>(*id)] = true;
    order.push_back(*id);
  }
  std::vector<float> scores(seen.size(), 0.F);
  const bool by_number =
      std::is_sorted(order.begin(), order.end()) && (order.empty() || order.front() >= kFirstPiece);
  if (by_number) {
    for (std::size_t id = kFirstPiece; id < scores.size(); ++id) {
      // Negated as a whole number: the first score is 0, not -0.
      scores[id] = static_cast<float>(kFirstPiece - static_cast<TokenId>(id));
    }
  } else {
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      scores[static_cast<std::size_t>(order[rank])] =
          static_cast<float>(-static_cast<TokenId>(rank));
    }
  }
  return scores;
}

/// The only token of a TemplateProcessing; nothing without one.
template <class Json>
std::optional<TokenId> read_begin(const Json& file, const TokenSet& tokens) {
  const Json& processor = get(file, "post_processor");
  if (processor.is_null()) return std::nullopt;
  const std::string& name = [&]() -> const std::string& {
    const Json& marks = get(processor, "post_processor.", "special_tokens", Json::value_t::object);
    if (marks.size() != 1) reject("post_processor has not one special token, expected one");
    return get_text(*marks.begin(), "post_processor.special_tokens.*.", "id");
  }();
  const auto id = tokens.vocabulary.find(name);
  if (!id || processor != begin_of<Json>(name, *id)) {
    reject("post_processor is another than TemplateProcessing with a begin token before a text");
  }
  return id;
}

}  // namespace

template <class Json>
void write_scored_pairs(const ScoredPairTokenizer& tokenizer, Json& file) {
  const ScoredPairTokenizer::Options& options = tokenizer.options();
  const auto name = [&](TokenId id) {
    const std::string_view token = tokenizer.token_bytes(id);
    return is_piece(tokenizer, id) ? with_space_marks(token) : std::string(token);
  };
  Json vocab = Json::object(), merges = Json::array(), unknown;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    // Straight to the end: asking for the key first would search all that is there.
    vocab.template get_ref<typename Json::object_t&>().push_back({name(id), id});
  }
  for (const auto& [left, right] : merges_of(tokenizer)) {
    merges.push_back(with_space_marks(left) + " " + with_space_marks(right));
  }
  if (tokenizer.unknown()) unknown = name(*tokenizer.unknown());
  file["normalizer"] = normalizer_of<Json>(options.space_before);
  file["decoder"] = decoder_of<Json>(options.space_before);
  if (options.begin) {
    file["post_processor"] = begin_of<Json>(name(*options.begin), *options.begin);
  }
  file["model"] = {{"type", "BPE"},
                   {"dropout", nullptr},
                   {"unk_token", std::move(unknown)},
                   {"continuing_subword_prefix", nullptr},
                   {"end_of_word_suffix", nullptr},
                   {"fuse_unk", true},
                   {"byte_fallback", true},
                   {"vocab", std::move(vocab)},
                   {"merges", std::move(merges)}};
}

template <class Json>
bool is_scored_pairs(const Json& model) {
  return get(model, "type") == "BPE" && get(model, "byte_fallback") == true;
}

template <class Json>
std::unique_ptr<ScoredPairTokenizer> read_scored_pairs(const Json& file, const TokenSet& tokens) {
  const Json& model = get(file, "model");
  expect_unset(file, "", {"pre_tokenizer"});
  expect_unset(model, "model.",
               {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"});
  ScoredPairTokenizer::Options options;
  options.space_before = get(file, "normalizer") == normalizer_of<Json>(true);
  expect_value(file, "", "normalizer", normalizer_of<Json>(options.space_before));
  expect_value(file, "", "decoder", decoder_of<Json>(options.space_before));
  options.begin = read_begin(file, tokens);

  TokenSet set{.vocabulary = {}, .special_ids = tokens.special_ids, .unknown = std::nullopt};
  if (const Json& name = get(model, "unk_token"); !name.is_null()) {
    set.unknown = tokens.vocabulary.find(get_text(model, "model.", "unk_token"));
    if (!set.unknown) reject(fmt::format("model.unk_token {} is no token", shown(name)));
  }
  for (TokenId id = 0; id < tokens.vocabulary.size(); ++id) {
    const bool mark = id == set.unknown || std::find(set.special_ids.begin(), set.special_ids.end(),
                                                     id) != set.special_ids.end();
    const std::string_view token = tokens.vocabulary[id];
    if (set.vocabulary.add(mark ? std::string(token) : without_space_marks(token)) != id) {
      reject(
          fmt::format("model.vocab has token {} twice: a space and \xE2\x96\x81 are the same", id));
    }
  }
  std::vector<float> scores =
      read_scores(get(model, "model.", "merges", Json::value_t::array), set);
  return std::make_unique<ScoredPairTokenizer>(std::move(set), std::move(scores), options);
}

template void write_scored_pairs(const ScoredPairTokenizer&, nlohmann::ordered_json&);
template bool is_scored_pairs(const nlohmann::json&);
template std::unique_ptr<ScoredPairTokenizer> read_scored_pairs(const nlohmann::json&,
                                                                const TokenSet&);

}  // namespace limpid
