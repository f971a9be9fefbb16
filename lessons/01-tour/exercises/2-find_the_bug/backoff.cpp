// A bigram model with a discount, and one mistake. Find it and mend it, then:
//
//   ./dev learn tour 2
//
//   p(w | h) = max(c(h w) - D, 0) / c(h)  +  given_up p(w)
//
// p(w) is how often w comes at all, and given_up is what the counts after h gave up together, as a
// share of c(h).
#include "backoff.hpp"

#include <algorithm>
#include <cstddef>

namespace limpid::lesson {

void Backoff::count(const Ids& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    pairs(text[i - 1], text[i]) += 1;
    tokens[text[i]] += 1;
  }
}

double Backoff::probability(std::int32_t before, std::int32_t next) const {
  // Every token counts once more than it came, so that none is impossible.
  const auto vocab = static_cast<double>(tokens.size());
  const double alone = (tokens[next] + 1) / (tokens.sum() + vocab);

  const auto row = pairs.row(before).array();
  const double all = row.sum();
  if (all == 0) return alone;  // nothing ever followed

  const double counted = std::max(row[next] - kDiscount, 0.0) / all;
  const auto gave = static_cast<double>((row > 0).count());
  const double given_up = kDiscount * gave / all;
  return counted + given_up * alone;
}

}  // namespace limpid::lesson
