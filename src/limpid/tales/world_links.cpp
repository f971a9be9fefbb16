#include "limpid/tales/world_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "limpid/tales/world_text.hpp"

namespace limpid::tales {
namespace {

// A slot is "a", a rule, a fact or a fact's column; a capital letter asks for one in the text.
void resolve_piece(const World& world, Piece& piece, const std::string& where) {
  std::string name = piece.text;
  if (name == "a" || name == "A") {
    piece.kind = Piece::Kind::article;
    piece.capital = name == "A";
    return;
  }
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') {
    piece.capital = true;
    name[0] = static_cast<char>(name[0] - 'A' + 'a');
  }
  if (const auto rule = position(world.rules, name)) {
    piece.index = *rule;
    return;
  }
  if (!position(world.facts, name.substr(0, name.find('.')))) {
    fail(where,
         fmt::format("expected a rule or a fact in '{{{}}}', got an unknown name", piece.text));
  }
  piece.kind = Piece::Kind::fact;
  std::tie(piece.index, piece.column) = fact_column(world, name, where);
}

// Depth first through the rules: a rule that leads back to itself would never come to an end.
struct Visit {
  const World& world;
  std::vector<char> open, done;  // by rule
  std::vector<char> told;        // by fact

  void rule(std::size_t index) {
    open[index] = 1;
    for (const Alternative& line : world.rules[index].alternatives) {
      for (const auto& set : line.sets) told[set.first] = 1;
      for (const Piece& piece : line.pieces) {
        if (piece.kind == Piece::Kind::fact) told[piece.index] = 1;
        if (piece.kind != Piece::Kind::rule || done[piece.index]) continue;
        if (open[piece.index]) {
          fail(line.where,
               fmt::format("the rule '{}' leads back to itself", world.rules[piece.index].name));
        }
        rule(piece.index);
      }
    }
    open[index] = 0;
    done[index] = 1;
  }
};

void check_use(const World& world) {
  Visit visit{world, std::vector<char>(world.rules.size()), std::vector<char>(world.rules.size()),
              std::vector<char>(world.facts.size())};
  visit.rule(world.story);
  for (std::size_t i = 0; i < world.rules.size(); ++i) {
    const Rule& rule = world.rules[i];
    if (!visit.done[i]) fail(rule.where, fmt::format("the rule '{}' is never used", rule.name));
  }
  for (std::size_t i = 0; i < world.facts.size(); ++i) {
    const Fact& fact = world.facts[i];
    if (!visit.told[i]) fail(fact.where, fmt::format("the fact '{}' is never told", fact.name));
  }
}

// Whether `other` begins as `line` does up to its piece number `count`, and then goes on
// differently.
bool goes_on_differently(const Alternative& line, std::size_t count, const Alternative& other) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= other.pieces.size()) return true;
    const Piece& a = line.pieces[i];
    const Piece& b = other.pieces[i];
    if (a.kind != b.kind) return false;
    if (a.kind == Piece::Kind::text) {
      if (a.text != b.text) return i + 1 == count && b.text.starts_with(a.text);
    } else if (a.index != b.index || a.column != b.column) {
      return false;
    }
  }
  if (count >= other.pieces.size()) return true;
  const Piece& a = line.pieces[count];
  const Piece& b = other.pieces[count];
  return a.kind != b.kind || a.index != b.index || a.column != b.column;
}

// A fact's word is decided where the words before it belong to no other way of going on. The tests
// hold this against the parser, which tries every way.
void mark_decided(World& world) {
  for (Rule& rule : world.rules) {
    for (Alternative& line : rule.alternatives) {
      for (std::size_t i = 1; i < line.pieces.size(); ++i) {
        if (line.pieces[i].kind != Piece::Kind::fact) continue;
        line.pieces[i].decided = std::none_of(
            rule.alternatives.begin(), rule.alternatives.end(),
            [&](const Alternative& other) { return goes_on_differently(line, i, other); });
      }
    }
  }
}

// A line that ends a sentence tells whole sentences, and so do the rules that it is made of; the
// other rules are parts of sentences.
bool tells_sentences(const World& world, const Rule& rule) {
  const Piece& last = rule.alternatives.front().pieces.back();
  if (last.kind == Piece::Kind::rule) return tells_sentences(world, world.rules[last.index]);
  return last.kind == Piece::Kind::text && sentence_end(last.text, 0) == last.text.size();
}

// Cut the lines where sentences end.
void collect_sentences(World& world) {
  for (const Rule& rule : world.rules) {
    if (!tells_sentences(world, rule)) continue;
    for (const Alternative& line : rule.alternatives) {
      Alternative sentence = line;
      sentence.pieces.clear();
      for (Piece piece : line.pieces) {
        const bool text = piece.kind == Piece::Kind::text;
        if (piece.kind == Piece::Kind::rule && tells_sentences(world, world.rules[piece.index])) {
          continue;
        }
        for (std::size_t end; text && (end = sentence_end(piece.text, 0)) != std::string::npos;) {
          Piece head = piece;
          head.text.resize(end);
          piece.text.erase(0, end);
          sentence.pieces.push_back(std::move(head));
          world.sentences.push_back(sentence);
          sentence.pieces.clear();
        }
        if (text && sentence.pieces.empty() && piece.text.starts_with(' ')) piece.text.erase(0, 1);
        if (!text || !piece.text.empty()) sentence.pieces.push_back(std::move(piece));
      }
    }
  }
}

}  // namespace

std::size_t sentence_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] != '.' && text[i] != '!' && text[i] != '?') continue;
    const std::size_t end = i + 1 < text.size() && text[i + 1] == '"' ? i + 2 : i + 1;
    if (end >= text.size()) return text.size();
    if (text[end] != ' ') continue;
    const char next = end + 1 < text.size() ? text[end + 1] : 'A';
    if (next == '"' || (next >= 'A' && next <= 'Z')) return end;
  }
  return std::string_view::npos;
}

void link_world(World& world) {
  for (Rule& rule : world.rules) {
    for (Alternative& line : rule.alternatives) {
      for (Piece& piece : line.pieces) {
        if (piece.kind == Piece::Kind::rule) resolve_piece(world, piece, line.where);
      }
    }
  }
  const auto story = position(world.rules, "story");
  if (!story) fail("tales", "expected a rule named 'story' in the world's files");
  world.story = *story;
  check_use(world);
  mark_decided(world);
  collect_sentences(world);
}

}  // namespace limpid::tales
