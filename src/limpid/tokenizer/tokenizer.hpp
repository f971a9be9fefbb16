/// A tokenizer turns text into numbers that a model can look up, and numbers back into text.
///
/// What should a token be? The same word in each kind that lives here, each in a file of its own:
///
///   word        unhappiness                       one token if the word is known, else <|unknown|>
///   character   u n h a p p i n e s s             11 tokens; every word can be spelt
///   byte        75 6E 68 61 70 70 69 6E 65 73 73  11 tokens; every script can be spelt
///   byte_pair   un happi ness                     frequent strings are tokens, the rest is spelt
///   word_piece  un ##happi ##ness                 the longest piece that fits, from left to right
///   unigram     un happi ness                     the most probable way to cut the word
///   scored_pair un happi ness                     the best-scored neighbours are joined, as Llama 2 does
///
/// Long words make short sequences but a vocabulary without end; bytes make a vocabulary of 256 but
/// long sequences. Byte pairs lie between, wherever one likes.
///
/// A **special token** such as <|endoftext|> is a mark and no text: it never merges with its
/// neighbours and is never split. What a user types must not become one by accident, so `encode`
/// takes its letters as letters unless it is told otherwise.
///
/// On request each token comes with its **place** in the text, in bytes: "it <|unknown|>" for "it
/// rained" has the places 0..2, 2..9. Places follow each other without a gap from the first byte to
/// the last (of word_piece: unless there is nothing but white space between special tokens).
///
/// Tokenizers do not change after construction: any number of threads may use one at once.
///
/// USES    core, tokenizer/vocabulary, tokenizer/special_tokens, tokenizer/hash
/// ERRORS  std::invalid_argument when an id is outside the vocabulary, or when a text holds a
///         special token although they are forbidden
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

/// What a special token's letters mean when they stand in a text that is encoded.
enum class Specials {
  as_text,     ///< letters like others: for text that somebody typed
  recognised,  ///< the special token: for training files, with <|endoftext|> between documents
  forbidden,   ///< an error
};

/// What a tokenizer remembers between texts to be faster, if it has anything to remember. Each
/// thread owns its own, so that nobody has to lock.
struct LIMPID_API EncodeCache {
  virtual ~EncodeCache();
};

/// The bytes of a text that a token stands for: text[begin .. end).
struct TokenPlace {
  std::size_t begin, end;
  bool operator==(const TokenPlace&) const = default;
};

struct PlacedTokens {
  std::vector<TokenId> ids;
  std::vector<TokenPlace> places;  ///< one for each id
};

class LIMPID_API Tokenizer {
 public:
  virtual ~Tokenizer();

  /// "word", "char", "byte", "bpe", "wordpiece" or "unigram", with what `make_tokenizer`'s words begin; or
  /// "sentencepiece", which is only read from files.
  virtual std::string_view kind() const = 0;

  /// The tokens of a text. A cache, made by `new_cache` of this tokenizer, may be kept between
  /// texts.
  std::vector<TokenId> encode(std::string_view text, Specials specials = Specials::as_text,
                              EncodeCache* cache = nullptr) const;
  /// The same tokens with their places. A byte-level token may begin or end within a character.
  PlacedTokens encode_with_places(std::string_view text, Specials specials = Specials::as_text,
                                  EncodeCache* cache = nullptr) const;
  /// The bytes of all tokens, one behind the other; special tokens appear as their text. A token
  /// may be a part of a character: use Utf8Stream to show tokens as they come. (Of word_piece: the
  /// words, with a space between them.)
  virtual std::string decode(std::span<const TokenId> ids) const;
  /// Whether decode gives a text of known tokens back byte for byte. (word_piece does not: it
  /// forgets white space, and capitals.)
  virtual bool keeps_text() const { return true; }

  TokenId vocab_size() const { return tokens_.vocabulary.size(); }
  std::string_view token_bytes(TokenId id) const { return tokens_.vocabulary[id]; }
  /// What a token stands for in a text: its bytes; nothing for a special and for the unknown token, whose
  /// names are no text.
  virtual std::string_view token_text(TokenId id) const;
  const Vocabulary& vocabulary() const { return tokens_.vocabulary; }

  /// The ids of the special tokens, in the order in which they were given.
  std::span<const TokenId> special_ids() const { return tokens_.special_ids; }
  bool is_special(TokenId id) const;
  /// <|endoftext|>, when this tokenizer has it.
  std::optional<TokenId> end_of_text() const;
  /// The token that stands for what the vocabulary cannot spell, when there is one. It may be a
  /// special token too, as BERT's [UNK] is.
  std::optional<TokenId> unknown() const { return tokens_.unknown; }

  virtual std::unique_ptr<EncodeCache> new_cache() const { return nullptr; }

  /// Equal for tokenizers that treat every text alike, different (but for 1 in 2^64) for others. A
  /// checkpoint stores it, to notice a tokenizer that is not its own.
  virtual std::uint64_t fingerprint() const;

 protected:
  /// ERRORS  std::invalid_argument when a special or unknown id is not in the vocabulary, or a
  /// special one twice in the list
  explicit Tokenizer(TokenSet tokens);
  Tokenizer(const Tokenizer&) = default;
  Tokenizer(Tokenizer&&) = default;
  Tokenizer& operator=(const Tokenizer&) = default;
  Tokenizer& operator=(Tokenizer&&) = default;

  /// Appends the tokens of a text in which nothing is special.
  virtual void encode_text(std::string_view text, EncodeCache* cache,
                           std::vector<TokenId>& ids) const = 0;

  /// Appends the places in `text` of the tokens that `encode_text` makes of it: one behind the other,
  /// each as long as `bytes_covered` says. Kinds of which one token does not say enough know better.
  virtual void place_text(std::string_view text, std::span<const TokenId> ids,
                          std::vector<TokenPlace>& places) const;
  /// How many bytes of `text`, from its beginning, a token stands for: as many as it has itself.
  /// Kinds whose tokens are not what they stand for (unknown ones) know better.
  virtual std::size_t bytes_covered(TokenId id, std::string_view text) const;

 private:
  void encode_into(std::string_view text, Specials specials, EncodeCache* cache, PlacedTokens& out,
                   bool with_places) const;

  TokenSet tokens_;
  std::vector<std::string> special_texts_;
};

}  // namespace limpid
