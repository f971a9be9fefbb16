#include "limpid/model/ngram.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: counting has no gradient

namespace {

using Ids = NGram::Ids;

double p(const NGram& model, const Ids& context, std::int32_t next) {
  return std::exp2(model.log2_probability(context, next));
}

double total(const NGram& model, Index vocab, const Ids& context) {
  double sum = 0;
  for (std::int32_t id = 0; id < vocab; ++id) sum += p(model, context, id);
  return sum;
}

// A text in which each token depends on the one before: the next is one further with probability
// 3/4, any of `vocab` otherwise.
Ids chain(Index length, std::uint64_t vocab, Rng& rng) {
  Ids ids{0};
  while (static_cast<Index>(ids.size()) < length) {
    const std::uint64_t next =
        rng.uniform() < 0.75 ? static_cast<std::uint64_t>(ids.back()) + 1 : rng.below(vocab);
    ids.push_back(static_cast<std::int32_t>(next % vocab));
  }
  return ids;
}

}  // namespace

TEST_CASE("by hand: a unigram model of `a a a b` over three tokens") {
  // Counts 3 and 1 of 4. One token came once and one three times, none twice or four times: nothing
  // to estimate discounts from, so they are 0.5 and 1.5. Given up: 2 of 4, shared by all three.
  NGram model(1, 3);
  model.train(std::vector<Ids>{{0, 0, 0, 1}});
  CHECK(std::abs(p(model, {}, 0) - (1.5 / 4 + 0.5 / 3)) <= 1e-15);
  CHECK(std::abs(p(model, {}, 1) - (0.5 / 4 + 0.5 / 3)) <= 1e-15);
  CHECK(std::abs(p(model, {}, 2) - 0.5 / 3) <= 1e-15);
  CHECK(p(model, {1, 1}, 0) == p(model, {}, 0));  // it looks at no context
}

TEST_CASE("by hand: a bigram model of `a b` and `c b`") {
  // With E the end-of-text token (3) also the start: E a b E, E c b E.
  // Unigrams count what stood before them: a 1 (E), c 1 (E), b 2 (a and c), E 1 (b), though E came
  // twice. n1 = 3, n2 = 1: Y = 3/5, D1 = 1 - 2 Y / 3 = 0.6; D2 = 2 - 0 would pay all: 1 instead.
  // Given up 3 * 0.6 + 1 = 2.8 of 5: 0.56, over four tokens 0.14.
  NGram model(2, 4, 3);
  model.train(std::vector<Ids>{{0, 1}, {2, 1}});
  CHECK(std::abs(p(model, {}, 0) - 0.22) <= 1e-15);
  CHECK(std::abs(p(model, {}, 1) - 0.34) <= 1e-15);
  CHECK(std::abs(p(model, {}, 2) - 0.22) <= 1e-15);
  CHECK(std::abs(p(model, {}, 3) - 0.22) <= 1e-15);
  // Bigrams: E a, a b, E c, c b once, b E twice. Y = 4/6, D1 = 1 - 2 Y / 4 = 2/3, D2 = 1.
  CHECK(std::abs(p(model, {0}, 1) - (1.0 / 3 + 2.0 / 3 * 0.34)) <= 1e-15);
  CHECK(std::abs(p(model, {1}, 3) - (0.5 + 0.5 * 0.22)) <= 1e-15);
  CHECK(std::abs(p(model, {1}, 0) - 0.5 * 0.22) <= 1e-15);
  const double first = 1.0 / 3 / 2 + 2.0 / 3 * 0.22;
  CHECK(std::abs(p(model, {3}, 0) - first) <= 1e-15);
  const double story = first * (1.0 / 3 + 2.0 / 3 * 0.34) * (0.5 + 0.5 * 0.22);
  CHECK(std::abs(model.bits(Ids{0, 1}) + std::log2(story)) <= 1e-14);
}

TEST_CASE("by hand: what begins with the start mark keeps its occurrences") {
  // E a E, twice. Contexts of one token: E -> a begins with the mark and counts 2; a -> E has one
  // token before it and counts 1. Y = 1/3, D1 = 1/3, D2 = 1. Unigrams: a and E count 1 each, D1 =
  // 1/2: both 1/2.
  NGram model(3, 2, 1);
  model.train(std::vector<Ids>{{0}, {0}});
  CHECK(std::abs(p(model, {1}, 0) - (1.0 / 2 + 1.0 / 2 * 0.5)) <= 1e-15);
  CHECK(std::abs(p(model, {0}, 1) - (2.0 / 3 + 1.0 / 3 * 0.5)) <= 1e-15);
  CHECK(std::abs(p(model, {1, 0}, 1) - (1.0 / 2 + 1.0 / 2 * (5.0 / 6))) <= 1e-15);
}

TEST_CASE("fixture: a second implementation, straight from the definition") {
  for (const char* name : {"unigram", "bigram", "trigram", "five", "stream"}) {
    CAPTURE(name);
    const Fixture fixture("ngram", name);
    const auto vocab = static_cast<Index>(fixture.number("vocab"));
    const auto end = static_cast<std::int32_t>(fixture.number("end"));
    const auto ids = [&](const std::string& key) {
      const std::vector<Index> wide = fixture.integers(key);
      return Ids(wide.begin(), wide.end());
    };
    std::vector<Ids> documents;
    for (int d = 0; d < static_cast<int>(fixture.number("documents")); ++d) {
      documents.push_back(ids(fmt::format("document{}", d)));
    }
    NGram model(static_cast<Index>(fixture.number("order")), vocab,
                end < 0 ? std::nullopt : std::optional<std::int32_t>(end));
    model.train(documents);
    for (int c = 0; c < static_cast<int>(fixture.number("contexts")); ++c) {
      CAPTURE(c);
      const Ids context = ids(fmt::format("context{}", c));
      const Matrix<double> expected = fixture.matrix(fmt::format("p{}", c));
      for (std::int32_t id = 0; id < vocab; ++id) {
        CHECK(std::abs(p(model, context, id) - expected(id)) <= 1e-12);
      }
    }
  }
}

TEST_CASE("property: probabilities sum to 1 after every context, seen or not") {
  Rng rng(1);
  std::vector<Ids> documents;
  for (int d = 0; d < 40; ++d) documents.push_back(chain(1 + d % 23, 11, rng));
  for (const Index order : {1, 2, 3, 5}) {
    NGram model(order, 13, 11);  // 12 never occurs
    model.train(documents);
    for (int trial = 0; trial < 200; ++trial) {
      Ids context;
      for (std::uint64_t i = rng.below(7); i > 0; --i) {
        context.push_back(static_cast<std::int32_t>(rng.below(14)));  // 13 is not even a token
      }
      CHECK(std::abs(total(model, 13, context) - 1) <= 1e-12);
      CHECK(p(model, context, 12) > 0);
    }
    CHECK(std::abs(total(model, 13, {11}) - 1) <= 1e-12);
  }
}

TEST_CASE("property: on a chain the bigram comes near the entropy, longer contexts lose little") {
  // The next token is one further with probability 3/4 + 1/64, each of the 15 others with 1/64.
  const double likely = 0.75 + 1.0 / 64;
  const double entropy = -likely * std::log2(likely) + 15.0 / 64 * 6;
  Rng rng(2);
  const std::vector<Ids> text{chain(60000, 16, rng)};
  const Ids held_out = chain(20000, 16, rng);
  const auto bits_per_token = [&](Index order) {
    NGram model(order, 16);
    model.train(text);
    return model.bits(held_out) / 20000;
  };
  CHECK(std::abs(bits_per_token(1) - 4) <= 0.01);  // every token is equally frequent
  const double bigram = bits_per_token(2);
  CHECK(std::abs(bigram - entropy) <= 0.03);
  const double five = bits_per_token(5);
  CHECK(five >= bigram);
  CHECK(five <= bigram + 0.2);
}

TEST_CASE("property: draws follow the probabilities, one random number each") {
  Rng rng(3);
  const std::vector<Ids> documents{chain(300, 8, rng), chain(200, 8, rng)};
  NGram model(4, 9, 8);
  model.train(documents);
  for (const Ids& context : std::vector<Ids>{{}, {8}, {1, 2, 3}, {3, 3, 3}, {5, 0, 7}, {8, 0, 1}}) {
    std::array<int, 9> counts{};
    const int draws = 20000;
    for (int i = 0; i < draws; ++i) {
      Rng ahead = rng;
      ahead.skip(1);
      ++counts[static_cast<std::size_t>(model.sample(context, rng))];
      REQUIRE(rng.state() == ahead.state());
    }
    double statistic = 0;
    for (std::int32_t id = 0; id < 9; ++id) {
      const double expected = draws * p(model, context, id);
      const double difference = counts[static_cast<std::size_t>(id)] - expected;
      statistic += difference * difference / expected;
    }
    CHECK(statistic <= 26.2);  // 99.9% of it lies below with 8 degrees of freedom
  }
}

TEST_CASE("property: the same counts with 1, 2, 3 and 8 threads") {
  Rng rng(4);
  const std::vector<Ids> text{chain(50000, 200, rng)};
  const Ids held_out = chain(500, 200, rng);
  CHECK(same_bits_with_all_threads([&] {
    NGram model(5, 200);
    model.train(text);
    return std::vector<Matrix<double>>{Matrix<double>::Constant(1, 1, model.bits(held_out))};
  }));
}

TEST_CASE("property: the text itself is likelier than others, its order matters") {
  Rng rng(5);
  const Ids text = chain(500, 20, rng);
  const Ids reversed(text.rbegin(), text.rend());
  NGram model(3, 20);
  model.train(std::vector<Ids>{text});
  CHECK(model.bits(text) <= 0.5 * model.bits(reversed));
}

TEST_CASE("accumulation: training again counts from scratch") {
  Rng rng(6);
  const std::vector<Ids> first{chain(100, 9, rng)}, second{chain(100, 9, rng)};
  NGram once(3, 9), again(3, 9);
  once.train(second);
  again.train(first);
  again.train(second);
  CHECK(again.bits(first[0]) == once.bits(first[0]));
  CHECK(again.size() == once.size());
}

TEST_CASE("edges: no text, empty documents, one token, a vocabulary of one") {
  NGram nothing(3, 4);
  nothing.train({});
  CHECK(std::abs(p(nothing, {1, 2}, 3) - 0.25) <= 1e-15);
  CHECK(nothing.size() == 0);
  NGram empty(5, 3, 2);
  empty.train(std::vector<Ids>{{}, {}, {}});
  CHECK(p(empty, {2}, 2) > 0.5);  // a text that begins ends at once
  CHECK(std::abs(total(empty, 3, {2}) - 1) <= 1e-12);
  CHECK(std::abs(empty.bits(Ids{}) + empty.log2_probability(Ids{2}, 2)) <= 1e-15);
  NGram one(5, 1);
  one.train(std::vector<Ids>{{0}});
  CHECK(std::abs(p(one, {}, 0) - 1) <= 1e-15);
  Rng rng(1);
  CHECK(one.sample({}, rng) == 0);
}

TEST_CASE("edges: large ids and long contexts") {
  NGram model(5, 2'000'000'000);
  const Ids text{1'999'999'999, 0, 1'999'999'999, 0, 1'999'999'999, 5};
  model.train(std::vector<Ids>{text});
  CHECK(p(model, text, 7) > 0);
  CHECK(p(model, {1'999'999'999}, 0) > p(model, {1'999'999'999}, 5));
  Ids longer(1000, 3);
  longer.insert(longer.end(), text.begin(), text.begin() + 4);
  CHECK(p(model, longer, 5) == p(model, {1'999'999'999, 0, 1'999'999'999, 0}, 5));
  CHECK(model.bytes() > 0);
}

TEST_CASE("misuse: orders, vocabularies and ids out of range, a model without training") {
  CHECK_THROWS_WITH_AS(NGram(0, 5), "ngram: order is 0, expected 1 to 20", std::invalid_argument);
  CHECK_THROWS_WITH_AS(NGram(2, 0), "ngram: vocab is 0, expected 1 to 2147483646",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(NGram(2, 5, 5), "ngram: end_of_text is 5, expected 0 to 4",
                       std::invalid_argument);
  NGram model(2, 5);
  CHECK_THROWS_WITH_AS(model.log2_probability({}, 1), "ngram: not trained", std::invalid_argument);
  CHECK_THROWS_WITH_AS(model.train(std::vector<Ids>{{1, 7}}),
                       "ngram: a token is 7, expected 0 to 4", std::invalid_argument);
  model.train(std::vector<Ids>{{1, 2}});
  CHECK_THROWS_WITH_AS(model.log2_probability({}, -1), "ngram: next is -1, expected 0 to 4",
                       std::invalid_argument);
}
