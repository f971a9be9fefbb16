#include "limpid/model/ngram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"

namespace limpid {
namespace {

using Keys = std::vector<std::uint64_t>;
// A context (its place among the contexts of its length) and a token, in one number that sorts by
// context and then by token.
std::uint64_t key(std::size_t context, std::int32_t token) {
  return (static_cast<std::uint64_t>(context) << 32) | static_cast<std::uint32_t>(token);
}
std::size_t key_context(std::uint64_t pair) {
  return static_cast<std::size_t>(pair >> 32);
}
std::int32_t key_token(std::uint64_t pair) {
  return static_cast<std::int32_t>(pair & 0xffffffff);
}

constexpr std::size_t kAbsent = std::numeric_limits<std::size_t>::max();

template <class T>
std::size_t find_sorted(std::span<const T> sorted, T wanted) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), wanted);
  if (found == sorted.end() || *found != wanted) return kAbsent;
  return static_cast<std::size_t>(found - sorted.begin());
}

Keys sorted_unique(Keys keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  keys.shrink_to_fit();
  return keys;
}

}  // namespace

NGram::NGram(Index order, Index vocab, std::optional<std::int32_t> end_of_text)
    : order_(order), vocab_(vocab), end_of_text_(end_of_text) {
  check_range("ngram", "order", order, 1, 20);
  check_range("ngram", "vocab", vocab, 1, std::numeric_limits<std::int32_t>::max() - 1);
  if (end_of_text) check_range("ngram", "end_of_text", *end_of_text, 0, vocab - 1);
}

void NGram::train(std::span<const Ids> documents) {
  // The text as one array; begin[i] is the place of the start mark of the document that i lies in.
  Ids text;
  std::vector<std::uint32_t> begin;
  for (const Ids& document : documents) {
    for (const std::int32_t id : document) check_range("ngram", "a token", id, 0, vocab_ - 1);
    const Ids marked = with_marks(document);
    begin.insert(begin.end(), marked.size(), static_cast<std::uint32_t>(text.size()));
    text.insert(text.end(), marked.begin(), marked.end());
  }
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
    fail("ngram", fmt::format("{} tokens, expected fewer than 2^32 - 1", text.size()));
  }

  // Going back token by token: the contexts of one more token, and for each place i the context
  // that stands before it. `short_pairs` keeps what follows a context that begins with a mark.
  const auto longest = static_cast<std::size_t>(order_ - 1);
  std::vector<Keys> contexts(longest + 1), short_pairs(longest + 1);
  contexts[0] = {0};
  std::vector<std::uint32_t> places, before;  // where the context has this length, and which it is
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > begin[i]) places.push_back(static_cast<std::uint32_t>(i));
  }
  before.assign(places.size(), 0);
  for (std::size_t length = 1; length <= longest; ++length) {
    std::size_t kept = 0;
    Keys keys;
    for (std::size_t p = 0; p < places.size(); ++p) {
      const std::size_t i = places[p];
      if (i - begin[i] < length) {
        short_pairs[length - 1].push_back(key(before[p], text[i]));
      } else {
        keys.push_back(key(before[p], text[i - length]));
        places[kept++] = places[p];
      }
    }
    places.resize(kept);
    before.resize(kept);
    contexts[length] = sorted_unique(keys);
    parallel_for(static_cast<Index>(kept), kGrain, [&](Index from, Index to) {
      for (auto p = static_cast<std::size_t>(from); p < static_cast<std::size_t>(to); ++p) {
        before[p] =
            static_cast<std::uint32_t>(find_sorted<std::uint64_t>(contexts[length], keys[p]));
      }
    });
  }

  // The longest contexts count occurrences. A shorter one counts its different extensions to the
  // left, each once, and the occurrences that nothing stands to the left of.
  Keys pairs;
  for (std::size_t p = 0; p < places.size(); ++p) pairs.push_back(key(before[p], text[places[p]]));
  levels_.assign(longest + 1, {});
  for (std::size_t length = longest + 1; length-- > 0;) {
    std::sort(pairs.begin(), pairs.end());
    Keys shorter;
    if (length > 0) {
      shorter = std::move(short_pairs[length - 1]);
      for (std::size_t e = 0; e < pairs.size(); ++e) {
        if (e > 0 && pairs[e] == pairs[e - 1]) continue;
        shorter.push_back(
            key(key_context(contexts[length][key_context(pairs[e])]), key_token(pairs[e])));
      }
    }
    levels_[length] = make_level(std::move(contexts[length]), std::move(pairs));
    pairs = std::move(shorter);
  }
}

// pairs: sorted keys of a context and the token after it, repeated as often as they count.
NGram::Level NGram::make_level(Keys contexts, Keys pairs) {
  Level level;
  level.contexts = std::move(contexts);
  const std::size_t size = level.contexts.size();
  level.first.assign(size + 1, 0);
  for (std::size_t e = 0; e < pairs.size(); ++e) {
    if (e > 0 && pairs[e] == pairs[e - 1]) {
      ++level.count.back();
    } else {
      level.next.push_back(key_token(pairs[e]));
      level.count.push_back(1);
      ++level.first[key_context(pairs[e]) + 1];
    }
  }
  for (std::size_t c = 0; c < size; ++c) level.first[c + 1] += level.first[c];

  // How much a count promises too much can be read from how many n-grams came once, twice, ...:
  //   Y = n1 / (n1 + 2 n2),   D1 = 1 - 2 Y n2 / n1,   D2 = 2 - 3 Y n3 / n2,   D3 = 3 - 4 Y n4 / n3
  double n[5] = {};
  for (const std::uint32_t count : level.count) {
    if (count <= 4) ++n[count];
  }
  const double y = n[1] / (n[1] + 2 * n[2]);
  for (int k = 1; k <= 3; ++k) {
    const double estimate = k - (k + 1) * y * n[k + 1] / n[k];
    // A text too small or too regular gives none, or one that a count cannot pay.
    level.discount[k] = estimate > 0 && estimate < k ? estimate : 0.5 * k;
  }

  level.total.assign(size, 0);
  level.backoff.assign(size, 1);  // a context that nothing followed leaves all to the shorter one
  for (std::size_t c = 0; c < size; ++c) {
    double given_up = 0;
    for (std::size_t e = level.first[c]; e < level.first[c + 1]; ++e) {
      level.total[c] += level.count[e];
      given_up += level.discount[std::min(level.count[e], 3U)];
    }
    if (level.total[c] > 0) level.backoff[c] = given_up / level.total[c];
  }
  return level;
}

double NGram::log2_probability(std::span<const std::int32_t> context, std::int32_t next) const {
  check_range("ngram", "next", next, 0, vocab_ - 1);
  double p = 1.0 / vocab_;
  const std::vector<std::size_t> seen = seen_contexts(context);
  for (std::size_t length = 0; length < seen.size(); ++length) {
    const Level& level = levels_[length];
    const std::size_t c = seen[length], first = level.first[c];
    p *= level.backoff[c];
    const std::size_t e = find_sorted<std::int32_t>(
        std::span(level.next).subspan(first, level.first[c + 1] - first), next);
    if (e == kAbsent) continue;
    const std::uint32_t count = level.count[first + e];
    p += (count - level.discount[std::min(count, 3U)]) / level.total[c];
  }
  return std::log2(p);
}

double NGram::bits(std::span<const std::int32_t> document) const {
  double sum = 0;
  const Ids marked = with_marks(document);
  for (std::size_t i = 1; i < marked.size(); ++i) {
    sum -= log2_probability(std::span(marked).first(i), marked[i]);
  }
  return sum;
}

std::int32_t NGram::sample(std::span<const std::int32_t> context, Rng& rng) const {
  // The mixture read as a recipe: from the longest context down, either one of the tokens counted
  // there, each with its discounted share, or on to the shorter context. One random point serves
  // for all of it: what is left of it after a step is uniform again.
  const std::vector<std::size_t> seen = seen_contexts(context);
  double point = rng.uniform();
  for (std::size_t length = seen.size(); length-- > 0;) {
    const Level& level = levels_[length];
    const std::size_t c = seen[length];
    for (std::size_t e = level.first[c]; e < level.first[c + 1]; ++e) {
      const std::uint32_t count = level.count[e];
      const double share = (count - level.discount[std::min(count, 3U)]) / level.total[c];
      if (point < share) return level.next[e];
      point -= share;
    }
    point = std::clamp(point / level.backoff[c], 0.0, 1.0);
  }
  return static_cast<std::int32_t>(std::min(vocab_ - 1, static_cast<Index>(point * vocab_)));
}

Index NGram::size() const {
  std::size_t entries = 0;
  for (const Level& level : levels_) entries += level.next.size();
  return static_cast<Index>(entries);
}

Index NGram::bytes() const {
  Index sum = size() * (4 + 4);  // next, count
  for (const Level& level : levels_) sum += std::ssize(level.contexts) * (8 + 4 + 8 + 8);
  return sum;
}

NGram::Ids NGram::with_marks(std::span<const std::int32_t> document) const {
  // Without an end-of-text token, V marks the start: an id that no text contains.
  Ids marked{end_of_text_ ? *end_of_text_ : static_cast<std::int32_t>(vocab_)};
  marked.insert(marked.end(), document.begin(), document.end());
  if (end_of_text_) marked.push_back(*end_of_text_);
  return marked;
}

std::vector<std::size_t> NGram::seen_contexts(std::span<const std::int32_t> context) const {
  require(!levels_.empty(), "ngram", "not trained");
  std::vector<std::size_t> seen{0};
  while (seen.size() < levels_.size() && seen.size() <= context.size()) {
    const std::int32_t older = context[context.size() - seen.size()];
    const std::size_t c =
        find_sorted<std::uint64_t>(levels_[seen.size()].contexts, key(seen.back(), older));
    if (c == kAbsent) break;
    seen.push_back(c);
  }
  return seen;
}

}  // namespace limpid
