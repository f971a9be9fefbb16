#include "limpid/tales/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "limpid/tales/recall.hpp"

namespace limpid::tales {
namespace {

class Writer {
 public:
  Writer(const World& world, Split split, Rng& rng)
      : world_(world), split_(split), rng_(rng), facts_(world.nothing_told()) {}

  Story write() {
    expand(world_.rules[world_.story]);
    return {text_, bits_, recall_points(world_, text_, tellings_)};
  }

 private:
  void expand(const Rule& rule) {
    const Alternative& chosen = choose(rule);
    for (const auto& [fact, value] : chosen.sets) facts_[fact] = value;
    for (const Piece& piece : chosen.pieces) {
      capital_ = capital_ || piece.capital;
      switch (piece.kind) {
        case Piece::Kind::text:
          put(piece.text);
          break;
        case Piece::Kind::article:
          put("a");
          article_end_ = text_.size();
          break;
        case Piece::Kind::rule:
          expand(world_.rules[piece.index]);
          break;
        case Piece::Kind::fact:
          tell(piece);
          break;
      }
    }
  }

  const Alternative& choose(const Rule& rule) {
    double total = 0;
    for (const Alternative& alternative : rule.alternatives) total += weight_now(alternative);
    if (total == 0) {
      throw std::runtime_error(fmt::format("{}: rule '{}' has no alternative for this story: {}",
                                           rule.where, rule.name, text_));
    }
    double draw = rng_.uniform() * total;
    const Alternative* chosen = nullptr;
    for (const Alternative& alternative : rule.alternatives) {
      const double weight = weight_now(alternative);
      if (weight == 0) continue;
      chosen = &alternative;  // rounding may leave a crumb of `draw`: the last one takes it
      if (draw < weight) break;
      draw -= weight;
    }
    bits_ -= std::log2(chosen->weight / total);
    return *chosen;
  }

  double weight_now(const Alternative& alternative) const {
    for (const Condition& condition : alternative.when) {
      if (!condition.met(facts_)) return 0;
    }
    return alternative.weight;
  }

  // Print a fact; the first time, draw it.
  void tell(const Piece& piece) {
    const std::size_t fact = piece.index;
    const List& list = world_.lists[world_.facts[fact].list];
    if (facts_[fact] == kUntold) facts_[fact] = draw(fact, list);
    const std::string word = list.word(facts_[fact], piece.column);
    put(word);
    if (piece.column == 0) {
      tellings_.push_back({fact, text_.size() - word.size(), text_.size(), piece.decided});
    }
  }

  Value draw(std::size_t fact, const List& list) {
    const double total = world_.total(fact, facts_, split_);
    if (total <= 0) {
      throw std::runtime_error(fmt::format("tales: no value is left for the fact '{}' after: {}",
                                           world_.facts[fact].name, text_));
    }
    double rest = rng_.uniform() * total;
    Value chosen = kUntold;
    double weight = 0;
    for (Value row = 0; row < list.row_count() && rest >= 0; ++row) {
      const double row_weight = world_.weight(fact, row, facts_, split_);
      if (row_weight == 0) continue;
      chosen = row;
      weight = row_weight;
      rest -= row_weight;
    }
    if (rest >= 0 && !list.syllables.empty()) {
      // The rows are behind us: what is left of the draw counts the spelled names, length by
      // length, without those that belong to somebody else.
      Value first = list.row_count();
      for (const std::size_t length : list.spelled_lengths) {
        const Value names = list.spelled_count(length);
        weight = list.weight(first);
        std::vector<Value> taken = world_.taken(fact, facts_, first, first + names);
        const Value free = names - static_cast<Value>(taken.size());
        chosen = first + std::min(static_cast<Value>(rest / weight), free - 1);
        for (const Value name : taken) chosen += name <= chosen;
        rest -= weight * free;
        first += names;
        if (rest < 0) break;
      }
    }
    bits_ -= std::log2(weight / total);
    return chosen;
  }

  void put(std::string_view words) {
    if (words.empty()) return;
    text_ += words;
    if (capital_) {
      char& first = text_[text_.size() - words.size()];
      first = to_capital(first);
      capital_ = false;
    }
    // "a" has waited for the first letter of the next word.
    if (article_end_ != 0 && text_.size() > article_end_ + 1) {
      if (is_vowel(text_[article_end_ + 1])) text_.insert(article_end_, 1, 'n');
      article_end_ = 0;
    }
  }

  const World& world_;
  Split split_;
  Rng& rng_;
  Facts facts_;
  std::string text_;
  double bits_ = 0;
  std::vector<Telling> tellings_;
  bool capital_ = false;
  std::size_t article_end_ = 0;  // where an "a" ends that may become "an"
};

}  // namespace

Story write(const World& world, Split split, Rng& rng) {
  return Writer(world, split, rng).write();
}

}  // namespace limpid::tales
