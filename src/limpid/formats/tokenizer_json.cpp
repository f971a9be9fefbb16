#include "limpid/formats/tokenizer_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/pretokenizer_json.hpp"
#include "limpid/formats/scored_pair_json.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/formats/unigram_json.hpp"
#include "limpid/formats/word_piece_json.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/utf8.hpp"

namespace limpid {
namespace {

constexpr std::uint64_t kLargestTokenizer = std::uint64_t{256} << 20;

using OrderedJson = nlohmann::ordered_json;  // keeps the order of keys: files that people can read

// The kinds that a BPE or WordLevel model describes.
Cutting cutting_of(const Tokenizer& tokenizer) {
  if (tokenizer.kind() == "char") return {Pattern::none, false};
  if (tokenizer.kind() == "word") return {Pattern::words, false};
  if (tokenizer.kind() == "byte") return {Pattern::none, true};
  const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer);
  if (pairs == nullptr) {
    fail("tokenizer_json",
         fmt::format("cannot write the kind {:?}, expected bpe, byte, char, word, wordpiece, "
                     "unigram or sentencepiece",
                     tokenizer.kind()));
  }
  return {pairs->pattern(), true};
}

OrderedJson added_tokens(const Tokenizer& tokenizer) {
  OrderedJson added = OrderedJson::array();
  for (const TokenId id : tokenizer.special_ids()) {
    added.push_back({{"id", id},
                     {"content", tokenizer.token_bytes(id)},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  return added;
}

// Where tokens stand in the file as text, they must be text, as JSON is.
void expect_text(const Tokenizer& tokenizer) {
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (find_invalid_utf8(tokenizer.token_bytes(id))) {
      fail("tokenizer_json", fmt::format("token {} of the {} tokenizer is {:?}, expected UTF-8", id,
                                         tokenizer.kind(), tokenizer.token_bytes(id)));
    }
  }
}

// {"un": 0, ...} with each token's name.
template <class Name>
OrderedJson vocabulary(const Tokenizer& tokenizer, Name name) {
  OrderedJson vocab = OrderedJson::object();
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    // Straight to the end: asking for the key first would search all that is there.
    vocab.get_ref<OrderedJson::object_t&>().push_back({name(id), id});
  }
  return vocab;
}

bool looks_up_whole_pieces(const Tokenizer& tokenizer) {
  const auto* const pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer);
  return pairs != nullptr && pairs->whole_pieces() == WholePieces::looked_up;
}

// The parts of a file that describe characters, words, bytes or byte pairs.
void write_merging(const Tokenizer& tokenizer, OrderedJson& file) {
  const Cutting cutting = cutting_of(tokenizer);
  if (!cutting.to_bytes) expect_text(tokenizer);
  file["pre_tokenizer"] = OrderedJson::parse(to_pretokenizer_json(cutting));
  file["decoder"] =
      cutting.to_bytes
          ? OrderedJson{{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}}
          : OrderedJson{{"type", "Fuse"}};
  // A token is its bytes in the alphabet, or, when it is text, its text.
  const auto name = [&](TokenId id) {
    const std::string_view token = tokenizer.token_bytes(id);
    const bool text = !cutting.to_bytes || tokenizer.is_special(id);
    return text ? std::string(token) : to_byte_alphabet(token);
  };
  OrderedJson unknown = nullptr;
  if (tokenizer.unknown()) unknown = tokenizer.token_bytes(*tokenizer.unknown());
  if (tokenizer.kind() == "word") {
    file["model"] = {{"type", "WordLevel"},
                     {"vocab", vocabulary(tokenizer, name)},
                     {"unk_token", std::move(unknown)}};
    return;
  }
  OrderedJson merges = OrderedJson::array();
  if (const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer)) {
    for (const Merge& merge : pairs->merges()) {
      merges.push_back(name(merge.left) + " " + name(merge.right));
    }
  }
  OrderedJson& model = file["model"] = {{"type", "BPE"},
                                        {"dropout", nullptr},
                                        {"unk_token", std::move(unknown)},
                                        {"continuing_subword_prefix", nullptr},
                                        {"end_of_word_suffix", nullptr},
                                        {"fuse_unk", false},
                                        {"byte_fallback", false}};
  if (looks_up_whole_pieces(tokenizer)) model["ignore_merges"] = true;
  model["vocab"] = vocabulary(tokenizer, name);
  model["merges"] = std::move(merges);
}

}  // namespace

std::string to_tokenizer_json(const Tokenizer& tokenizer) {
  OrderedJson file = {{"version", "1.0"},          {"truncation", nullptr},
                      {"padding", nullptr},        {"added_tokens", added_tokens(tokenizer)},
                      {"normalizer", nullptr},     {"pre_tokenizer", nullptr},
                      {"post_processor", nullptr}, {"decoder", nullptr},
                      {"model", nullptr}};
  if (const auto* pieces = dynamic_cast<const WordPieceTokenizer*>(&tokenizer)) {
    expect_text(tokenizer);
    const auto name = [&](TokenId id) { return std::string(tokenizer.token_bytes(id)); };
    write_word_piece(*pieces, vocabulary(tokenizer, name), file);
  } else if (const auto* unigram = dynamic_cast<const UnigramTokenizer*>(&tokenizer)) {
    expect_text(tokenizer);
    write_unigram(*unigram, file);
  } else if (const auto* scored = dynamic_cast<const ScoredPairTokenizer*>(&tokenizer)) {
    expect_text(tokenizer);
    write_scored_pairs(*scored, file);
  } else {
    write_merging(tokenizer, file);
  }
  return file.dump(1) + "\n";
}

std::unique_ptr<Tokenizer> read_tokenizer(const std::filesystem::path& path) {
  return from_tokenizer_json(read_text_file(path, kLargestTokenizer), path.string());
}

void write_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  write_file_atomically(path, to_tokenizer_json(tokenizer));
}

}  // namespace limpid
