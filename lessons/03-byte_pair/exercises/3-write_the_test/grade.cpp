#include "support/grade.hpp"

#include <algorithm>
#include <cstddef>

#include "trial.hpp"

using namespace limpid;
using namespace limpid::lesson;

namespace {

Tokens bytes_of(std::string_view piece) {
  Tokens tokens;
  for (const char byte : piece) tokens.emplace_back(1, byte);
  return tokens;
}

bool is_pair(const Tokens& tokens, std::size_t i, const Merges::value_type& merge) {
  return i + 1 < tokens.size() && tokens[i] == merge.first && tokens[i + 1] == merge.second;
}

void join_at(Tokens& tokens, std::size_t i) {
  tokens[i] += tokens[i + 1];
  tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1);
}

// Every merge in its turn, wherever its pair stands.
Tokens in_order(const Merges& merges, std::string_view piece) {
  Tokens tokens = bytes_of(piece);
  for (const auto& merge : merges) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (is_pair(tokens, i, merge)) join_at(tokens, i);
    }
  }
  return tokens;
}

Tokens nothing_joined(const Merges& /*merges*/, std::string_view piece) {
  return bytes_of(piece);
}

Tokens longest_match(const Merges& merges, std::string_view piece) {
  Tokens tokens;
  while (!piece.empty()) {
    std::size_t length = 1;
    for (const auto& [left, right] : merges) {
      const std::string token = left + right;
      if (piece.starts_with(token)) length = std::max(length, token.size());
    }
    tokens.emplace_back(piece.substr(0, length));
    piece.remove_prefix(length);
  }
  return tokens;
}

Tokens leftmost_pair(const Merges& merges, std::string_view piece) {
  Tokens tokens = bytes_of(piece);
  for (std::size_t i = 0; i < tokens.size();) {
    const bool joins = std::any_of(merges.begin(), merges.end(),
                                   [&](const auto& merge) { return is_pair(tokens, i, merge); });
    if (joins) join_at(tokens, i);
    i = joins ? 0 : i + 1;
  }
  return tokens;
}

Tokens from_the_right(const Merges& merges, std::string_view piece) {
  Tokens tokens = bytes_of(piece);
  for (const auto& merge : merges) {
    for (std::size_t i = tokens.size(); i-- > 0;) {
      if (is_pair(tokens, i, merge)) join_at(tokens, i);
    }
  }
  return tokens;
}

}  // namespace

GRADE("test", "") {
  expect(is_right(in_order), "is_right, for an encoder that is right", "rejects_the_right_one",
         "Your test says no to an encoder that is right. It applies the merges one after another, "
         "in the order of the list, each wherever its pair stands, from left to right. Do that on "
         "paper for your pieces.");
  expect(!is_right(nothing_joined), "is_right, for an encoder that returns the bytes, unjoined",
         "accepts_single_bytes",
         "Your test says yes to an encoder that joins nothing. That the bytes come back is true of "
         "every way to cut them: compare the tokens.");
  expect(!is_right(longest_match), "is_right, for an encoder that cuts off the longest token",
         "accepts_longest_match",
         "Your test says yes to the mistake. Compare the tokens, not their number, and choose a "
         "piece in which an early merge and a later, further left one want the same letter.");
  expect(!is_right(leftmost_pair), "is_right, for an encoder that joins the leftmost pair first",
         "accepts_leftmost_pair",
         "The longest match is found out, but not its sister: joining the leftmost pair that has a "
         "merge, whatever its rank. In your pieces the leftmost pair also has the lowest rank.");
  expect(!is_right(from_the_right), "is_right, for an encoder that joins runs from the right",
         "accepts_joining_from_the_right",
         "Among places with equal rank the leftmost is joined first. That shows in a run of an odd "
         "number of equal letters.");
}
