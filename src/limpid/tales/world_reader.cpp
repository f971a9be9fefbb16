#include "limpid/tales/world_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "limpid/tales/list_reader.hpp"
#include "limpid/tales/rule_reader.hpp"
#include "limpid/tales/world_links.hpp"
#include "limpid/tales/world_text.hpp"

namespace limpid::tales {
namespace {

using Strings = std::vector<std::string>;

class Reader {
 public:
  World read(std::span<const EmbeddedFile> files) {
    // Lists first, then facts, then rules: a file may use what another file defines.
    for (const char* wanted : {"list", "fact", "novel", "rule"}) {
      for (const EmbeddedFile& file : files) read_file(file, wanted);
    }
    link_world(world_);
    return std::move(world_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { tales::fail(where_, what); }

  void read_file(const EmbeddedFile& file, std::string_view wanted) {
    std::string_view rest = file.text;
    bool begun = false, ours = false;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      where_ = fmt::format("{}:{}", file.name, number);
      const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
      line = trim(line);
      if (line.empty() || line.front() == '#') continue;
      if (line.find('\t') != std::string_view::npos) fail("expected spaces, got a tab");
      if (indent == 0 || !begun) {
        begun = true;
        const std::string keyword(line.substr(0, line.find(' ')));
        if (indent > 0 ||
            (keyword != "list" && keyword != "fact" && keyword != "novel" && keyword != "rule")) {
          fail(fmt::format("expected 'list', 'fact', 'novel' or 'rule', got '{}'", keyword));
        }
        finish_block();
        ours = keyword == wanted;
        kind_ = ours ? keyword : "";
        line.remove_prefix(keyword.size());
        if (ours) begin_block(trim(line));
      } else if (ours && kind_ == "list") {
        read_rows(world_.lists.back(), line, where_);
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
      tales::fail(world_.rules.back().where,
                  fmt::format("the rule '{}' is empty", world_.rules.back().name));
    }
    if (kind_ == "list" && world_.lists.back().rows.empty()) {
      fail(fmt::format("the list '{}' before this line is empty", world_.lists.back().name));
    }
    kind_.clear();
    conditions_.clear();
  }

  void begin_block(std::string_view line) {
    if (kind_ == "list") {
      world_.lists.push_back(read_list(line, where_));
      if (position(world_.lists, world_.lists.back().name) != world_.lists.size() - 1) {
        fail(fmt::format("the list '{}' is there twice", world_.lists.back().name));
      }
    }
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

  // fact friend from names, not name
  void add_fact(std::string_view line) {
    const Strings parts = split(line, ',');
    const Strings words = split(parts[0], ' ');
    if (words.size() != 3 || words[1] != "from" || !is_name(words[0])) {
      fail(fmt::format("expected 'fact name from list', got 'fact {}'", line));
    }
    check_new(words[0]);
    Fact fact{words[0], known(world_.lists, "list", words[2], where_), {}, where_};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const Strings other = split(parts[i], ' ');
      if (other.size() != 2 || other[0] != "not") {
        fail(fmt::format("expected 'not fact' after the comma, got '{}'", parts[i]));
      }
      fact.differs_from.push_back(known(world_.facts, "fact", other[1], where_));
      if (world_.facts[fact.differs_from.back()].list != fact.list) {
        fail(fmt::format("expected a fact from the same list, got '{}'", other[1]));
      }
    }
    world_.facts.push_back(std::move(fact));
  }

  // novel trait with object.plot, every 5
  void add_novelty(std::string_view line) {
    const Strings words = split(line, ' ');
    std::size_t every = 0;
    if (words.size() == 5 && words[1] == "with" && words[2].ends_with(",") && words[3] == "every") {
      const char* const end = words[4].data() + words[4].size();
      const auto read = std::from_chars(words[4].data(), end, every);
      if (read.ec != std::errc() || read.ptr != end) every = 0;
    }
    if (every < 2) fail(fmt::format("expected 'novel fact with fact, every N', got '{}'", line));
    const auto first = fact_column(world_, words[0], where_);
    const auto second =
        fact_column(world_, std::string_view(words[2]).substr(0, words[2].size() - 1), where_);
    for (const auto& column : {first, second}) {
      if (!world_.lists[world_.facts[column.first].list].syllables.empty()) {
        fail("expected facts of lists without syllables in 'novel'");
      }
    }
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

  void add_alternative(std::string_view line, std::size_t indent) {
    while (!conditions_.empty() && conditions_.back().indent >= indent) conditions_.pop_back();
    if (line.starts_with("when ")) {
      conditions_.push_back({indent, read_conditions(world_, line.substr(5), where_)});
      return;
    }
    Alternative alternative = read_alternative(world_, line, where_);
    for (const Scope& outer : conditions_) {
      alternative.when.insert(alternative.when.end(), outer.conditions.begin(),
                              outer.conditions.end());
    }
    world_.rules.back().alternatives.push_back(std::move(alternative));
  }

  struct Scope {
    std::size_t indent;
    std::vector<Condition> conditions;
  };

  World world_;
  std::string where_, kind_;
  std::vector<Scope> conditions_;
};

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
