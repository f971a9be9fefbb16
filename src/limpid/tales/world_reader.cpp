#include "limpid/tales/world_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <stdexcept>

namespace limpid::tales {
namespace {

using Strings = std::vector<std::string>;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// The parts between separators, trimmed; with a space as separator, empty parts are dropped.
Strings split(std::string_view text, char separator) {
  Strings parts;
  while (true) {
    const std::size_t end = text.find(separator);
    const std::string_view part = trim(text.substr(0, end));
    if (separator != ' ' || !part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

template <class T>
std::optional<std::size_t> position(const std::vector<T>& items, std::string_view name) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name == name) return i;
  }
  return std::nullopt;
}

class Reader {
 public:
  World read(std::span<const EmbeddedFile> files) {
    // Lists first, then facts, then rules: a file may use what another file defines.
    for (const char* wanted : {"list", "fact", "novel", "rule"}) {
      for (const EmbeddedFile& file : files) read_file(file, wanted);
    }
    resolve();
    return std::move(world_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(fmt::format("{}: {}", where_, what));
  }

  template <class T>
  std::size_t known(const std::vector<T>& items, const char* kind, std::string_view name) const {
    const auto found = position(items, name);
    if (!found) fail(fmt::format("expected the name of a {}, got '{}'", kind, name));
    return *found;
  }

  void read_file(const EmbeddedFile& file, std::string_view wanted) {
    std::string_view rest = file.text;
    bool ours = false;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      where_ = fmt::format("{}:{}", file.name, number);
      const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
      line = trim(line);
      if (line.empty() || line.front() == '#') continue;
      if (line.find('\t') != std::string_view::npos) fail("expected spaces, got a tab");
      if (indent == 0) {
        const std::string keyword(line.substr(0, line.find(' ')));
        if (keyword != "list" && keyword != "fact" && keyword != "novel" && keyword != "rule") {
          fail(fmt::format("expected 'list', 'fact', 'novel' or 'rule', got '{}'", keyword));
        }
        finish_block();
        ours = keyword == wanted;
        kind_ = ours ? keyword : "";
        line.remove_prefix(keyword.size());
        if (ours) begin_block(trim(line));
      } else if (ours && kind_ == "list") {
        add_rows(line);
      } else if (ours && kind_ == "rule") {
        add_alternative(line, indent);
      } else if (ours) {
        fail(fmt::format("expected no indented line under '{}', got '{}'", wanted, line));
      }
    }
    finish_block();
  }

  void finish_block() {
    if (kind_ == "rule" && world_.rules.back().alternatives.empty()) {
      fail_at(world_.rules.back().where,
              fmt::format("the rule '{}' is empty", world_.rules.back().name));
    }
    if (kind_ == "list" && world_.lists.back().rows.empty()) {
      fail(fmt::format("the list '{}' before this line is empty", world_.lists.back().name));
    }
    kind_.clear();
    conditions_.clear();
  }

  [[noreturn]] static void fail_at(const std::string& where, const std::string& what) {
    throw std::runtime_error(fmt::format("{}: {}", where, what));
  }

  void begin_block(std::string_view line) {
    if (kind_ == "list") begin_list(line);
    if (kind_ == "fact") add_fact(line);
    if (kind_ == "novel") add_novelty(line);
    if (kind_ == "rule") {
      if (!is_name(line)) fail(fmt::format("expected 'rule name', got 'rule {}'", line));
      check_new(line);
      world_.rules.push_back({std::string(line), {}, where_});
    }
  }

  void check_new(std::string_view name) const {
    if (name == "a" || position(world_.facts, name) || position(world_.rules, name)) {
      fail(fmt::format("expected a new name, got '{}' again", name));
    }
  }

  // list animals            list places: word | where
  void begin_list(std::string_view line) {
    const Strings parts = split(line, ':');
    List list;
    list.name = parts[0];
    list.columns = parts.size() > 1 ? split(parts[1], '|') : Strings{"word"};
    for (const std::string& column : list.columns) {
      if (!is_name(column)) fail(fmt::format("expected the name of a column, got '{}'", column));
    }
    if (!is_name(list.name) || parts.size() > 2) {
      fail(fmt::format("expected 'list name' or 'list name: column | column', got '{}'", line));
    }
    if (position(world_.lists, list.name))
      fail(fmt::format("the list '{}' is there twice", list.name));
    world_.lists.push_back(std::move(list));
  }

  void add_rows(std::string_view line) {
    List& list = world_.lists.back();
    if (line.starts_with("spell ")) return add_syllables(line.substr(6));
    if (list.columns.size() > 1) return add_row(split(line, '|'));
    for (const std::string& word : split(line, ',')) add_row({word});
  }

  void add_row(Strings row) {
    List& list = world_.lists.back();
    if (row.size() != list.columns.size()) {
      fail(fmt::format("expected {} columns, got {}", list.columns.size(), row.size()));
    }
    for (const std::string& word : row) {
      if (word.empty() || word.find_first_of("{}[]<>") != std::string::npos) {
        fail(fmt::format("expected plain words in the list '{}', got '{}'", list.name, word));
      }
    }
    if (list.find(row[0])) {
      fail(fmt::format("'{}' is in the list '{}' already, or can be spelled", row[0], list.name));
    }
    list.rows.push_back(std::move(row));
  }

  // spell 2 3: ba be bi
  void add_syllables(std::string_view line) {
    List& list = world_.lists.back();
    const Strings parts = split(line, ':');
    if (parts.size() != 2) fail(fmt::format("expected 'spell 2 3: ba be bi', got '{}'", line));
    for (const std::string& length : split(parts[0], ' ')) {
      if (length.size() != 1 || length[0] < '1' || length[0] > '4') {
        fail(fmt::format("expected a number of syllables from 1 to 4, got '{}'", length));
      }
      list.spelled_lengths.push_back(static_cast<std::size_t>(length[0] - '0'));
    }
    for (const std::string& syllable : split(parts[1], ' ')) {
      if (syllable.size() != 2 || !is_name(syllable)) {
        fail(fmt::format("expected a syllable of two letters, got '{}'", syllable));
      }
      if (std::count(list.syllables.begin(), list.syllables.end(), syllable) > 0) {
        fail(fmt::format("the syllable '{}' is there twice", syllable));
      }
      list.syllables.push_back(syllable);
    }
    for (const auto& row : list.rows) {
      if (list.find_spelled(row[0]))
        fail(fmt::format("'{}' can be spelled from syllables", row[0]));
    }
  }

  // fact friend from names, not name
  void add_fact(std::string_view line) {
    const Strings parts = split(line, ',');
    const Strings words = split(parts[0], ' ');
    if (words.size() != 3 || words[1] != "from" || !is_name(words[0])) {
      fail(fmt::format("expected 'fact name from list', got 'fact {}'", line));
    }
    check_new(words[0]);
    Fact fact{words[0], known(world_.lists, "list", words[2]), {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const Strings other = split(parts[i], ' ');
      if (other.size() != 2 || other[0] != "not") {
        fail(fmt::format("expected 'not fact' after the comma, got '{}'", parts[i]));
      }
      fact.differs_from.push_back(known(world_.facts, "fact", other[1]));
      if (world_.facts[fact.differs_from.back()].list != fact.list) {
        fail(fmt::format("expected a fact from the same list, got '{}'", other[1]));
      }
    }
    world_.facts.push_back(std::move(fact));
  }

  // The fact and column that "object.plot" names.
  std::pair<std::size_t, std::size_t> fact_column(std::string_view text) const {
    const std::size_t dot = text.find('.');
    const std::size_t fact = known(world_.facts, "fact", text.substr(0, dot));
    if (dot == std::string_view::npos) return {fact, 0};
    const Strings& columns = world_.lists[world_.facts[fact].list].columns;
    const auto found = std::find(columns.begin(), columns.end(), text.substr(dot + 1));
    if (found == columns.end()) {
      fail(fmt::format("expected a column of '{}', got '{}'", text.substr(0, dot), text));
    }
    return {fact, static_cast<std::size_t>(found - columns.begin())};
  }

  // novel trait with object.plot, every 5
  void add_novelty(std::string_view line) {
    const Strings words = split(line, ' ');
    std::size_t every = 0;
    if (words.size() == 5 && words[1] == "with" && words[2].ends_with(",") && words[3] == "every") {
      std::from_chars(words[4].data(), words[4].data() + words[4].size(), every);
    }
    if (every < 2) fail(fmt::format("expected 'novel fact with fact, every N', got '{}'", line));
    const auto first = fact_column(words[0]);
    const auto second = fact_column(std::string_view(words[2]).substr(0, words[2].size() - 1));
    Novelty novelty{first.first, second.first, positions(first), positions(second), every};
    if (!world_.novelties.empty() && world_.novelties[0].second != novelty.second) {
      fail("expected the same second fact in every 'novel' line");
    }
    world_.novelties.push_back(std::move(novelty));
  }

  // Each row's position among the different words of the column.
  std::vector<std::size_t> positions(std::pair<std::size_t, std::size_t> column) const {
    const List& list = world_.lists[world_.facts[column.first].list];
    Strings seen;
    std::vector<std::size_t> result;
    for (const Strings& row : list.rows) {
      const std::string& word = row[column.second];
      const auto found = std::find(seen.begin(), seen.end(), word);
      result.push_back(static_cast<std::size_t>(found - seen.begin()));
      if (found == seen.end()) seen.push_back(word);
    }
    return result;
  }

  // when trait is shy or brave and owner is not friend
  std::vector<Condition> read_conditions(std::string_view line) const {
    std::vector<Condition> conditions;
    Strings words = split(line, ' ');
    words.push_back("and");
    for (std::size_t i = 0; i + 1 < words.size();) {
      const auto [fact, column] = fact_column(words[i]);
      const List& list = world_.lists[world_.facts[fact].list];
      if (words[i + 1] != "is")
        fail(fmt::format("expected 'is' after '{}', got '{}'", words[i], words[i + 1]));
      i += 2;
      const bool negated = i < words.size() && words[i] == "not";
      i += negated;
      Condition condition{fact, std::vector<char>(list.rows.size(), 0), false, false};
      if (i < words.size() && words[i] == "told") {
        std::fill(condition.holds.begin(), condition.holds.end(), 1);
        condition.holds_spelled = true;
        ++i;
      } else {
        read_values(words, i, list, column, condition);
      }
      if (negated) {
        for (char& holds : condition.holds) holds = !holds;
        condition.holds_untold = true;
        condition.holds_spelled = !condition.holds_spelled;
      }
      if (i >= words.size() || words[i] != "and")
        fail(fmt::format("expected 'or' or 'and', got '{}'", words[i]));
      ++i;
      conditions.push_back(std::move(condition));
    }
    return conditions;
  }

  void read_values(const Strings& words, std::size_t& i, const List& list, std::size_t column,
                   Condition& condition) const {
    for (bool more = true; more;) {
      if (i + 1 >= words.size()) fail("expected a word after 'is'");
      bool found = false;
      for (std::size_t row = 0; row < list.rows.size(); ++row) {
        if (list.rows[row][column] != words[i]) continue;
        condition.holds[row] = 1;
        found = true;
      }
      if (!found)
        fail(fmt::format("expected a word of the list '{}', got '{}'", list.name, words[i]));
      ++i;
      more = words[i] == "or";
      i += more;
    }
  }

  void add_alternative(std::string_view line, std::size_t indent) {
    while (!conditions_.empty() && conditions_.back().indent >= indent) conditions_.pop_back();
    if (line.starts_with("when ")) {
      conditions_.push_back({indent, read_conditions(line.substr(5))});
      return;
    }
    Alternative alternative;
    alternative.where = where_;
    for (const auto& outer : conditions_) {
      alternative.when.insert(alternative.when.end(), outer.conditions.begin(),
                              outer.conditions.end());
    }
    if (line.starts_with("[")) {
      const std::size_t end = line.find(']');
      if (end == std::string_view::npos) fail("expected ']' after '['");
      for (const std::string& note : split(line.substr(1, end - 1), ','))
        add_note(note, alternative);
      line = trim(line.substr(end + 1));
    }
    if (line.empty()) fail("expected a text, got nothing");
    add_pieces(line, alternative);
    world_.rules.back().alternatives.push_back(std::move(alternative));
  }

  // [weight 3, owner = friend]
  void add_note(const std::string& note, Alternative& alternative) const {
    const Strings words = split(note, ' ');
    if (words.size() == 2 && words[0] == "weight") {
      const char* end = words[1].data() + words[1].size();
      const auto result = std::from_chars(words[1].data(), end, alternative.weight);
      if (result.ec != std::errc() || result.ptr != end || !(alternative.weight > 0)) {
        fail(fmt::format("expected a number above 0 as weight, got '{}'", words[1]));
      }
    } else if (words.size() == 3 && words[1] == "=") {
      const std::size_t fact = known(world_.facts, "fact", words[0]);
      const auto value = world_.lists[world_.facts[fact].list].find(words[2]);
      if (!value) fail(fmt::format("expected a value of '{}', got '{}'", words[0], words[2]));
      alternative.sets.emplace_back(fact, *value);
    } else {
      fail(fmt::format("expected 'weight N' or 'fact = value', got '{}'", note));
    }
  }

  void add_pieces(std::string_view line, Alternative& alternative) const {
    while (!line.empty()) {
      const std::size_t begin = line.find('{');
      if (const std::string text(line.substr(0, begin)); !text.empty()) {
        if (text.find('}') != std::string::npos) fail("expected '{' before '}'");
        if (text.find("  ") != std::string::npos) fail("expected one space, got two");
        alternative.pieces.push_back({Piece::Kind::text, text});
      }
      if (begin == std::string_view::npos) return;
      const std::size_t end = line.find('}', begin);
      if (end == std::string_view::npos) fail("expected '}' after '{'");
      alternative.pieces.push_back(
          {Piece::Kind::rule, std::string(line.substr(begin + 1, end - begin - 1))});
      line.remove_prefix(end + 1);
    }
  }

  void resolve();
  void resolve_piece(Piece& piece) const;
  void visit(std::size_t rule, std::vector<int>& state, std::set<std::size_t>& facts) const;
  void mark_decided();

  struct Scope {
    std::size_t indent;
    std::vector<Condition> conditions;
  };

  World world_;
  std::string where_, kind_;
  std::vector<Scope> conditions_;
};

// A slot is "a", a rule, a fact or a fact's column; a capital letter asks for one in the text.
void Reader::resolve_piece(Piece& piece) const {
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
  if (const auto rule = position(world_.rules, name)) {
    piece.index = *rule;
    return;
  }
  if (!position(world_.facts, name.substr(0, name.find('.')))) {
    fail(fmt::format("expected a rule or a fact in '{{{}}}', got an unknown name", piece.text));
  }
  piece.kind = Piece::Kind::fact;
  std::tie(piece.index, piece.column) = fact_column(name);
}

void Reader::resolve() {
  for (Rule& rule : world_.rules) {
    for (Alternative& alternative : rule.alternatives) {
      where_ = alternative.where;
      for (Piece& piece : alternative.pieces) {
        if (piece.kind == Piece::Kind::rule) resolve_piece(piece);
      }
    }
  }
  const auto story = position(world_.rules, "story");
  if (!story) throw std::runtime_error("tales: expected a rule named 'story' in the world's files");
  world_.story = *story;
  std::vector<int> state(world_.rules.size(), 0);
  std::set<std::size_t> facts;
  visit(world_.story, state, facts);
  for (std::size_t i = 0; i < state.size(); ++i) {
    const Rule& rule = world_.rules[i];
    if (state[i] == 0) fail_at(rule.where, fmt::format("the rule '{}' is never used", rule.name));
  }
  for (std::size_t i = 0; i < world_.facts.size(); ++i) {
    if (facts.count(i) == 0) {
      throw std::runtime_error(
          fmt::format("tales: the fact '{}' is never told", world_.facts[i].name));
    }
  }
  mark_decided();
}

// Depth first through the rules: a rule that leads back to itself would never come to an end.
void Reader::visit(std::size_t rule, std::vector<int>& state, std::set<std::size_t>& facts) const {
  state[rule] = 1;
  for (const Alternative& alternative : world_.rules[rule].alternatives) {
    for (const auto& set : alternative.sets) facts.insert(set.first);
    for (const Piece& piece : alternative.pieces) {
      if (piece.kind == Piece::Kind::fact) facts.insert(piece.index);
      if (piece.kind != Piece::Kind::rule || state[piece.index] == 2) continue;
      if (state[piece.index] == 1) {
        fail_at(alternative.where,
                fmt::format("the rule '{}' leads back to itself", world_.rules[piece.index].name));
      }
      visit(piece.index, state, facts);
    }
  }
  state[rule] = 2;
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
void Reader::mark_decided() {
  for (Rule& rule : world_.rules) {
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

}  // namespace

World read_world(std::span<const EmbeddedFile> files) {
  return Reader().read(files);
}

World World::parse(std::span<const EmbeddedFile> files) {
  return read_world(files);
}

const World& World::embedded() {
  static const World world = parse(embedded_world());
  return world;
}

}  // namespace limpid::tales
