#include "limpid/tales/parser.hpp"

#include <algorithm>
#include <cmath>

#include "limpid/tales/matcher.hpp"
#include "limpid/tales/recall.hpp"
#include "limpid/tales/world_text.hpp"

namespace limpid::tales {
namespace {

// What remains to be told when the current alternative is at its end.
struct Frame {
  const Alternative* alternative;
  std::size_t next;
  const Frame* up;
};

class Parser {
 public:
  Parser(const World& world, const ParseOptions& options, std::string_view text, bool sentence)
      : world_(world),
        options_(options),
        text_(text),
        sentence_(sentence),
        matcher_(text),
        facts_(world.nothing_told()),
        possible_(world.facts.size()) {}

  Parse parse(const std::vector<Alternative>& alternatives) {
    choose(alternatives, nullptr, 0, false, 0);
    result_.story.text = text_;
    result_.furthest = matcher_.furthest();
    result_.expected = matcher_.expected();
    return std::move(result_);
  }

 private:
  // Follow a line from its piece number `next`, at place `at` of the text.
  void follow(const Alternative* line, std::size_t next, const Frame* up, std::size_t at,
              bool capital, double bits) {
    const std::size_t tellings = tellings_.size();
    while (true) {
      while (next == line->pieces.size() && up != nullptr) {
        line = up->alternative;
        next = up->next;
        up = up->up;
      }
      if (next == line->pieces.size()) {
        if (at == text_.size()) {
          accept(bits);
        } else {
          matcher_.expect(at, "the end", std::nullopt);
        }
        break;
      }
      const Piece& piece = line->pieces[next++];
      capital = capital || piece.capital;
      if (piece.kind == Piece::Kind::rule) {
        const Frame frame{line, next, up};
        choose(world_.rules[piece.index].alternatives, &frame, at, capital, bits);
        break;
      }
      if (piece.kind == Piece::Kind::fact && facts_[piece.index] == kUntold) {
        const Frame frame{line, next, up};
        draw(piece, frame, at, capital, bits);
        break;
      }
      std::size_t end = 0;
      if (piece.kind == Piece::Kind::article) {
        end = matcher_.article(at, capital);
      } else if (piece.kind == Piece::Kind::text) {
        end = matcher_.match(piece.text, at, capital, std::nullopt);
      } else {
        end = matcher_.match(word_of(piece.index, facts_[piece.index], piece.column), at, capital,
                             piece.index);
        if (end != 0) tell(piece, at, end);
      }
      if (end == 0) break;
      at = end;
      capital = false;
    }
    tellings_.resize(tellings);
  }

  void choose(const std::vector<Alternative>& alternatives, const Frame* up, std::size_t at,
              bool capital, double bits) {
    double total = 0;
    if (!sentence_) {
      for (const Alternative& line : alternatives) total += allowed(line) ? line.weight : 0;
    }
    for (const Alternative& line : alternatives) {
      if (result_.derivations > 1) return;
      const auto possible = sentence_ ? possible_ : decltype(possible_)();
      if (sentence_ ? narrow(line) : allowed(line)) {
        std::vector<Value> before;
        for (const auto& [fact, value] : line.sets) {
          before.push_back(facts_[fact]);
          facts_[fact] = value;
        }
        follow(&line, 0, up, at, capital, bits - (sentence_ ? 0 : std::log2(line.weight / total)));
        for (std::size_t i = line.sets.size(); i-- > 0;) facts_[line.sets[i].first] = before[i];
      }
      if (sentence_) possible_ = possible;  // what this line asked of untold facts is forgotten
    }
  }

  bool allowed(const Alternative& line) const {
    return std::all_of(line.when.begin(), line.when.end(),
                       [&](const Condition& condition) { return condition.met(facts_); });
  }

  // A sentence alone does not know the facts told before it; what it asks of them must agree.
  bool narrow(const Alternative& line) {
    for (const Condition& condition : line.when) {
      if (facts_[condition.fact] != kUntold) {
        if (!condition.met(facts_)) return false;
        continue;
      }
      if (condition.about_telling) continue;
      std::vector<char>& rows = possible_[condition.fact];
      if (rows.empty()) rows.assign(condition.holds.size(), 1);
      bool any = condition.holds_untold;
      for (std::size_t i = 0; i < rows.size(); ++i) any |= (rows[i] &= condition.holds[i]) != 0;
      if (!any) return false;
    }
    return true;
  }

  // A fact that is told here for the first time: every value whose word stands in the text.
  void draw(const Piece& piece, const Frame& frame, std::size_t at, bool capital, double bits) {
    const List& list = world_.lists[world_.facts[piece.index].list];
    bool found = false;
    for (Value row = 0; row < list.row_count(); ++row) {
      const std::string& word = list.rows[static_cast<std::size_t>(row)][piece.column];
      if (matcher_.stands(word, at, capital)) found |= take(piece, row, word, frame, at, bits);
    }
    if (!list.syllables.empty() && piece.column == 0) {
      std::size_t end = at;
      while (end < text_.size() && is_letter(text_[end])) ++end;
      const std::string word(text_.substr(at, end - at));
      if (const auto spelled = list.find_spelled(word)) {
        found |= take(piece, *spelled, word, frame, at, bits);
      } else if (options_.any_name && is_foreign_name(word)) {
        foreign_.push_back(word);
        const auto value = list.size() + static_cast<Value>(foreign_.size()) - 1;
        found |= take(piece, value, word, frame, at, bits);
      }
    }
    if (!found) matcher_.expect(at, "", piece.index);
  }

  // A name that no list has. One that another list has is not foreign: it belongs to somebody else.
  bool is_foreign_name(const std::string& word) const {
    return word.size() > 1 && word[0] >= 'A' && word[0] <= 'Z' &&
           std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= 'a' && c <= 'z'; }) &&
           std::none_of(world_.lists.begin(), world_.lists.end(),
                        [&](const List& other) { return other.find(word).has_value(); });
  }

  bool take(const Piece& piece, Value value, const std::string& word, const Frame& frame,
            std::size_t at, double bits) {
    const std::size_t fact = piece.index;
    const auto row = static_cast<std::size_t>(value);
    if (!possible_[fact].empty() && (row >= possible_[fact].size() || !possible_[fact][row])) {
      return false;
    }
    double weight = 1, total = 1;
    if (value < world_.lists[world_.facts[fact].list].size()) {
      weight = world_.weight(fact, value, facts_, options_.split);
      if (weight == 0) return false;
      if (!sentence_) total = world_.total(fact, facts_, options_.split);
    } else if (is_taken(fact, word)) {
      return false;
    }
    facts_[fact] = value;
    tell(piece, at, at + word.size());
    follow(frame.alternative, frame.next, frame.up, at + word.size(), false,
           bits - std::log2(weight / total));
    tellings_.resize(tellings_.size() - (piece.column == 0 ? 1 : 0));
    facts_[fact] = kUntold;
    return true;
  }

  bool is_taken(std::size_t fact, const std::string& word) const {
    const std::vector<std::size_t>& others = world_.facts[fact].differs_from;
    return std::any_of(others.begin(), others.end(), [&](std::size_t other) {
      return facts_[other] != kUntold && word_of(other, facts_[other], 0) == word;
    });
  }

  std::string word_of(std::size_t fact, Value value, std::size_t column) const {
    const List& list = world_.lists[world_.facts[fact].list];
    if (value < list.size()) return list.word(value, column);
    return foreign_[static_cast<std::size_t>(value - list.size())];
  }

  void tell(const Piece& piece, std::size_t begin, std::size_t end) {
    if (piece.column == 0) tellings_.push_back({piece.index, begin, end, piece.decided});
  }

  void accept(double bits) {
    if (++result_.derivations > 1 || sentence_) return;
    result_.story.bits = bits;
    result_.story.recalls = recall_points(world_, text_, tellings_);
  }

  const World& world_;
  const ParseOptions& options_;
  std::string_view text_;
  bool sentence_;
  Matcher matcher_;
  Facts facts_;
  std::vector<std::vector<char>> possible_;  // for a sentence alone: the rows left to untold facts
  std::vector<std::string> foreign_;         // names that no list has
  std::vector<Telling> tellings_;
  Parse result_;
};

}  // namespace

Parse parse_all(const World& world, const ParseOptions& options, std::string_view text) {
  return Parser(world, options, text, false).parse(world.rules[world.story].alternatives);
}

std::optional<Story> parse(const World& world, Split split, std::string_view text) {
  Parse result = parse_all(world, {split, false}, text);
  if (result.derivations == 0) return std::nullopt;
  return std::move(result.story);
}

bool is_sentence(const World& world, std::string_view text) {
  const ParseOptions options{std::nullopt, true};
  return Parser(world, options, text, true).parse(world.sentences).derivations > 0;
}

}  // namespace limpid::tales
