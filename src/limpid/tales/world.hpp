/// A world: the lists of words, the facts of a story, and the rules that tell it.
///
/// A world is a grammar with a memory. A rule has alternatives; an alternative is a line of text
/// with slots. A slot is another rule, or a fact. A fact is drawn from its list where the story
/// first tells it, and is the same word ever after. Alternatives may ask for facts ("when trait is
/// shy"): one whose wish is not met is left out, and the weights of the others are divided by
/// *their* sum. So nothing is ever drawn in vain, and the probability of a story is the product
/// over its choices:
///
///   P(story) = product of  weight of the chosen / sum of the weights of what could be chosen
///
/// The language that a world is written in is described in data/tales/README.md.
///
/// USES    core/embedded, core/export, tales/story
/// ERRORS  std::runtime_error, one line with file, line, what was expected and what came
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/embedded.hpp"
#include "limpid/core/export.hpp"
#include "limpid/tales/story.hpp"

namespace limpid::tales {

/// A row of a list; beyond the rows, a name spelled from syllables. Facts start as untold.
using Value = std::int32_t;
inline constexpr Value kUntold = -1;
using Facts = std::vector<Value>;

struct List {
  std::string name;
  std::vector<std::string> columns;  ///< column 0 is the word, the others say more of it
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> syllables;        ///< of two letters; empty: the rows are all there is
  std::vector<std::size_t> spelled_lengths;  ///< how many syllables a name may have

  Value row_count() const { return static_cast<Value>(rows.size()); }
  /// The number of values: rows and spelled names.
  Value size() const;
  /// How many names this many syllables spell.
  Value spelled_count(std::size_t length) const;
  /// Rows share one half and spelled names the other, every length equally; plain rows weigh 1.
  double weight(Value value) const;
  std::string word(Value value, std::size_t column = 0) const;
  /// The value whose word this is, if there is one.
  std::optional<Value> find(std::string_view word) const;
  /// The value that the syllables of this word spell.
  std::optional<Value> find_spelled(std::string_view word) const;
};

struct Fact {
  std::string name;
  std::size_t list = 0;
  std::vector<std::size_t> differs_from;  ///< facts whose value it may not take
  std::string where;                      ///< file:line, for errors
};

struct Condition {
  std::size_t fact = 0;
  std::vector<char> holds;  ///< for each row of the fact's list
  bool holds_untold = false;
  bool holds_spelled = false;
  bool about_telling = false;  ///< asks whether the fact is told, not what it is
  bool met(const Facts& facts) const;
};

struct Piece {
  enum class Kind { text, article, fact, rule } kind = Kind::text;
  std::string text;        ///< of a text; else how the slot is written in the world
  std::size_t index = 0;   ///< of the fact or rule
  std::size_t column = 0;  ///< of a fact's list
  bool capital = false;    ///< begin with a capital letter
  bool decided = false;    ///< no other alternative goes on differently here
};

struct Alternative {
  double weight = 1;
  std::vector<Condition> when;
  std::vector<std::pair<std::size_t, Value>> sets;  ///< facts that this alternative decides
  std::vector<Piece> pieces;
  std::string where;  ///< file:line, for errors
};

struct Rule {
  std::string name;
  std::vector<Alternative> alternatives;
  std::string where;
};

/// Two facts whose pairs are kept for `novel` when their positions add up to a multiple of `every`.
struct Novelty {
  std::size_t first = 0, second = 0;  ///< facts; `second` is told after `first`
  std::vector<std::size_t> first_position, second_position;  ///< by row
  std::size_t every = 1;
  bool novel(Value a, Value b) const;
};

class LIMPID_API World {
 public:
  static World parse(std::span<const EmbeddedFile> files);
  /// The world that the program carries: data/tales/*.txt.
  static const World& embedded();

  /// What a fact's value weighs when it is drawn now: 0 when the facts already told, or the split,
  /// forbid it. Without a split nothing is kept back.
  double weight(std::size_t fact, Value value, const Facts& facts,
                std::optional<Split> split) const;
  /// The sum of `weight` over all values of the fact's list.
  double total(std::size_t fact, const Facts& facts, std::optional<Split> split) const;
  /// Values in [begin, end) that this fact may not take, because another fact has them; ascending.
  std::vector<Value> taken(std::size_t fact, const Facts& facts, Value begin, Value end) const;
  Facts nothing_told() const { return Facts(facts.size(), kUntold); }

  std::vector<List> lists;
  std::vector<Fact> facts;
  std::vector<Rule> rules;
  std::vector<Novelty> novelties;
  std::size_t story = 0;               ///< the rule that a story begins with
  std::vector<Alternative> sentences;  ///< every sentence that a rule can tell, by itself
};

/// Where the first sentence from here ends: behind its full stop and quotation mark, before a space
/// and a capital letter, or at the end of the text. npos: nowhere.
LIMPID_API std::size_t sentence_end(std::string_view text, std::size_t from);

/// Whether "a" becomes "an" before this letter.
bool is_vowel(char letter);
char to_capital(char letter);

}  // namespace limpid::tales
