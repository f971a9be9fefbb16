#include "limpid/train/batches.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

using namespace limpid;

// NO gradient check: token ids have no gradient
// NO fixture: an order of rows has no other implementation to agree with
// NO accumulation: nothing accumulates

namespace {

using Ids = Batches::Ids;
constexpr std::int32_t kEnd = 99;

// 0, 1, 2, ...: a token's id is its place, so that every row tells where it came from.
Ids counting(Index size) {
  Ids ids(static_cast<std::size_t>(size));
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

// Documents 100, 101..., 200, 201, ...: of the given lengths.
std::vector<Ids> numbered(const std::vector<int>& lengths) {
  std::vector<Ids> documents;
  for (std::size_t d = 0; d < lengths.size(); ++d) {
    Ids document(static_cast<std::size_t>(lengths[d]));
    std::iota(document.begin(), document.end(), static_cast<std::int32_t>(100 * (d + 1)));
    documents.push_back(document);
  }
  return documents;
}

Ids row_of(const Ids& ids, const Batch& batch, Index row) {
  const auto begin = ids.begin() + row * batch.time;
  return {begin, begin + batch.time};
}

std::vector<int> lengths_of(Index count) {
  std::vector<int> lengths;
  for (Index d = 0; d < count; ++d) lengths.push_back(static_cast<int>(1 + d * 7 % 30));
  return lengths;
}

bool same(const Batch& a, const Batch& b) {
  return a.batch == b.batch && a.time == b.time && a.inputs == b.inputs && a.targets == b.targets &&
         a.tokens == b.tokens;
}

}  // namespace

TEST_CASE("by hand: the only window of a text") {
  Batches batches = Batches::windows({5, 6, 7, 8}, {.batch = 2, .time = 3});
  const Batch batch = batches.next();
  CHECK(batch.batch == 2);
  CHECK(batch.time == 3);
  CHECK(batch.inputs == Ids{5, 6, 7, 5, 6, 7});
  CHECK(batch.targets == Ids{6, 7, 8, 6, 7, 8});
  CHECK(batch.tokens == 6);
}

TEST_CASE("by hand: documents begin after the end token, end with it, and are padded") {
  const std::vector<Ids> documents{{10, 11}, {20}, {30, 31, 32, 33}};
  Batches batches = Batches::documents(documents, kEnd, {.batch = 3, .time = 4});
  const Batch batch = batches.next();
  CHECK(batch.time == 4);
  CHECK(batch.tokens == 3 + 2 + 4);
  std::set<std::pair<Ids, Ids>> rows;
  for (Index row = 0; row < 3; ++row) {
    rows.insert({row_of(batch.inputs, batch, row), row_of(batch.targets, batch, row)});
  }
  // The third is cut after 4 tokens: its end does not fit.
  CHECK(rows == std::set<std::pair<Ids, Ids>>{{{kEnd, 10, 11, kEnd}, {10, 11, kEnd, -1}},
                                              {{kEnd, 20, kEnd, kEnd}, {20, kEnd, -1, -1}},
                                              {{kEnd, 30, 31, 32}, {30, 31, 32, 33}}});
}

TEST_CASE("by hand: a batch is as wide as its longest row") {
  const std::vector<Ids> documents{{10, 11, 12}};
  Batches batches = Batches::documents(documents, kEnd, {.batch = 1, .time = 50});
  const Batch batch = batches.next();
  CHECK(batch.time == 4);
  CHECK(batch.targets == Ids{10, 11, 12, kEnd});
}

TEST_CASE("by hand: packed rows hold several documents and cut the last") {
  const std::vector<Ids> documents{{7, 8}, {7, 8}, {7, 8}};
  Batches batches = Batches::packed(documents, kEnd, {.batch = 2, .time = 5});
  // All documents are alike, so their order does not matter: row 1 holds one and two thirds, the
  // third document begins row 2.
  const Batch batch = batches.next();
  std::set<std::pair<Ids, Ids>> rows;
  for (Index row = 0; row < 2; ++row) {
    rows.insert({row_of(batch.inputs, batch, row), row_of(batch.targets, batch, row)});
  }
  CHECK(rows == std::set<std::pair<Ids, Ids>>{{{kEnd, 7, 8, kEnd, 7}, {7, 8, kEnd, 7, 8}},
                                              {{kEnd, 7, 8, kEnd, kEnd}, {7, 8, kEnd, -1, -1}}});
  CHECK(batch.tokens == 8);
}

TEST_CASE("by hand: evaluation windows do not overlap, the last one is padded") {
  const std::vector<Batch> batches = evaluation_windows(counting(9), 3, 2);
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].inputs == Ids{0, 1, 2, 3, 4, 5});
  CHECK(batches[0].targets == Ids{1, 2, 3, 4, 5, 6});
  CHECK(batches[0].tokens == 6);
  CHECK(batches[1].batch == 1);
  CHECK(batches[1].time == 2);
  CHECK(batches[1].inputs == Ids{6, 7});
  CHECK(batches[1].targets == Ids{7, 8});
  // In one batch, the shorter row is padded.
  const std::vector<Batch> one = evaluation_windows(counting(9), 3, 100);
  REQUIRE(one.size() == 1);
  CHECK(one[0].targets == Ids{1, 2, 3, 4, 5, 6, 7, 8, kIgnore});
  CHECK(one[0].inputs == Ids{0, 1, 2, 3, 4, 5, 6, 7, 0});
  CHECK(one[0].tokens == 8);
}

TEST_CASE("by hand: evaluation documents keep their order") {
  const std::vector<Ids> documents{{10, 11}, {20}, {30, 31, 32, 33}};
  const std::vector<Batch> batches = evaluation_documents(documents, kEnd, 10, 2);
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].inputs == Ids{kEnd, 10, 11, kEnd, 20, kEnd});
  CHECK(batches[0].targets == Ids{10, 11, kEnd, 20, kEnd, kIgnore});
  CHECK(batches[0].tokens == 5);
  CHECK(batches[1].targets == Ids{30, 31, 32, 33, kEnd});
  CHECK(evaluation_documents(documents, kEnd, 3, 3)[0].targets ==
        Ids{10, 11, kEnd, 20, kEnd, kIgnore, 30, 31, 32});
}

TEST_CASE("property: a target is the next token of the text, shifted exactly once") {
  Batches batches = Batches::windows(counting(1000), {.batch = 5, .time = 16});
  for (int i = 0; i < 100; ++i) {
    const Batch batch = batches.next();
    REQUIRE(batch.inputs.size() == 80);
    REQUIRE(batch.targets.size() == 80);
    CHECK(batch.tokens == 80);
    for (Index row = 0; row < 5; ++row) {
      const Ids inputs = row_of(batch.inputs, batch, row);
      const Ids targets = row_of(batch.targets, batch, row);
      for (std::size_t t = 0; t < 16; ++t) {
        REQUIRE(targets[t] == inputs[t] + 1);
        REQUIRE(inputs[t] == inputs[0] + static_cast<std::int32_t>(t));
      }
    }
  }
}

TEST_CASE("property: an epoch's windows share one phase and come once each; the phase changes") {
  const Index size = 1000, time = 16;
  Batches batches = Batches::windows(counting(size), {.batch = 1, .time = time});
  std::set<Index> phases;
  for (int epoch = 0; epoch < 40; ++epoch) {
    std::vector<Index> firsts;
    const Index rows = batches.rows();
    for (Index row = 0; row < rows; ++row) firsts.push_back(batches.next().inputs[0]);
    CHECK(batches.state().epoch == epoch);
    CHECK(batches.state().row == rows);
    CHECK_FALSE(std::is_sorted(firsts.begin(), firsts.end()));
    std::sort(firsts.begin(), firsts.end());
    const Index phase = firsts[0];
    CHECK(phase < time);
    for (Index k = 0; k < rows; ++k)
      REQUIRE(firsts[static_cast<std::size_t>(k)] == phase + k * time);
    CHECK(firsts.back() + time < size);       // the last target exists
    CHECK(firsts.back() + 2 * time >= size);  // and no window was left out
    phases.insert(phase);
    Batches ahead = batches;  // look at the next epoch's rows without moving
    ahead.next();
    batches.restore({1, epoch + 1, 0});
    CHECK(batches.rows() == ahead.rows());
  }
  CHECK(phases.size() >= 12);  // 40 draws of 16 phases
}

TEST_CASE("property: every document comes once an epoch, batches across epochs are full") {
  const std::vector<Ids> documents = numbered(lengths_of(23));
  for (const Index group : {0, 1, 3}) {
    CAPTURE(group);
    Batches batches = Batches::documents(documents, kEnd, {.batch = 5, .time = 40, .group = group});
    std::vector<std::int32_t> seen;
    for (int i = 0; i < 23; ++i) {  // 23 batches of 5: exactly 5 epochs
      const Batch batch = batches.next();
      REQUIRE(batch.batch == 5);
      Index tokens = 0, longest = 0;
      for (Index row = 0; row < 5; ++row) {
        const Ids inputs = row_of(batch.inputs, batch, row);
        const Ids targets = row_of(batch.targets, batch, row);
        const auto document = static_cast<std::size_t>(targets[0] / 100 - 1);
        Ids expected = documents[document];
        expected.push_back(kEnd);
        const auto length = static_cast<Index>(expected.size());
        tokens += length;
        longest = std::max(longest, length);
        expected.resize(static_cast<std::size_t>(batch.time), kIgnore);
        REQUIRE(targets == expected);
        CHECK(inputs[0] == kEnd);
        for (Index t = 1; t < length; ++t) {
          REQUIRE(inputs[static_cast<std::size_t>(t)] == targets[static_cast<std::size_t>(t - 1)]);
        }
        seen.push_back(targets[0]);
      }
      CHECK(batch.tokens == tokens);
      CHECK(batch.time == longest);
    }
    std::set<std::vector<std::int32_t>> orders;
    for (std::ptrdiff_t epoch = 0; epoch < 5; ++epoch) {
      std::vector<std::int32_t> part(seen.begin() + 23 * epoch, seen.begin() + 23 * (epoch + 1));
      orders.insert(part);
      CHECK(std::set<std::int32_t>(part.begin(), part.end()).size() == 23);
    }
    CHECK(orders.size() == 5);  // every epoch has its own order
  }
}

TEST_CASE("property: grouping by length wastes less padding") {
  const std::vector<Ids> documents = numbered(lengths_of(600));
  const auto padding = [&](Index group) {
    Batches batches = Batches::documents(documents, kEnd, {.batch = 8, .time = 40, .group = group});
    double places = 0, tokens = 0;
    std::vector<Index> widths;
    for (int i = 0; i < 75; ++i) {
      const Batch batch = batches.next();
      places += static_cast<double>(batch.batch * batch.time);
      tokens += static_cast<double>(batch.tokens);
      widths.push_back(batch.time);
    }
    CHECK_FALSE(std::is_sorted(widths.begin(), widths.end()));  // batches are shuffled again
    return 1 - tokens / places;
  };
  CHECK(padding(0) >= 0.3);
  CHECK(padding(100) <= 0.1);
}

TEST_CASE("property: rows are sorted within their run of batches and no further") {
  // Runs of one batch: the same rows meet as without sorting, only the batches come in another order.
  const std::vector<Ids> documents = numbered(lengths_of(40));
  const auto meetings = [&](Index group) {
    Batches batches = Batches::documents(documents, kEnd, {.batch = 4, .time = 40, .group = group});
    std::set<std::set<std::int32_t>> all;
    for (int i = 0; i < 10; ++i) {
      const Batch batch = batches.next();
      std::set<std::int32_t> rows;  // by the first token of each row's document
      for (Index row = 0; row < 4; ++row) rows.insert(row_of(batch.targets, batch, row)[0]);
      all.insert(rows);
    }
    return all;
  };
  CHECK(meetings(1) == meetings(0));
  CHECK(meetings(2) != meetings(0));
}

TEST_CASE("property: grouped batches keep to their sorted rows when epochs end within a batch") {
  const std::vector<Ids> documents = numbered(lengths_of(23));
  Batches batches = Batches::documents(documents, kEnd, {.batch = 5, .time = 40, .group = 100});
  int whole = 0;
  for (int i = 0; i < 46; ++i) {
    const Index epoch = batches.state().epoch;
    const Batch batch = batches.next();
    if (batches.state().epoch != epoch) continue;  // of two epochs, perhaps
    Index last = 0;
    for (Index row = 0; row < 5; ++row) {
      const Ids targets = row_of(batch.targets, batch, row);
      const auto length = std::find(targets.begin(), targets.end(), kEnd) - targets.begin();
      CHECK(length >= last);
      last = length;
    }
    ++whole;
  }
  CHECK(whole >= 30);
}

TEST_CASE("property: packed rows begin at documents and lose only what is cut") {
  const std::vector<Ids> documents = numbered(lengths_of(50));
  Batches batches = Batches::packed(documents, kEnd, {.batch = 1, .time = 64});
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::map<std::int32_t, Index> seen;  // tokens seen of each document
    const Index rows = batches.rows();
    int padded = 0;
    for (Index row = 0; row < rows; ++row) {
      const Batch batch = batches.next();
      CHECK(batch.inputs[0] == kEnd);
      CHECK(batch.targets[0] % 100 == 0);
      padded += batch.time < 64;
      for (std::size_t t = 0; t < static_cast<std::size_t>(batch.time); ++t) {
        REQUIRE(batch.targets[t] != kIgnore);
        if (t > 0) REQUIRE(batch.inputs[t] == batch.targets[t - 1]);
        if (batch.targets[t] != kEnd) ++seen[batch.targets[t] / 100];
      }
    }
    CHECK(seen.size() == 50);
    CHECK(padded <= 1);  // only the row that the epoch's end left short
    Index cut = 0;
    for (const auto& [document, tokens] : seen) {
      const auto size =
          static_cast<Index>(documents[static_cast<std::size_t>(document - 1)].size());
      CHECK(tokens <= size);
      cut += tokens < size;
    }
    CHECK(cut <= rows);
    CHECK(cut >= 1);
  }
}

TEST_CASE("property: a restored state gives the same batches, another seed other ones") {
  const std::vector<Ids> documents = numbered(lengths_of(23));
  const auto make = [&](int kind, std::uint64_t seed) {
    const BatchOptions options{.batch = 4, .time = 8, .seed = seed, .group = kind == 2 ? 2 : 0};
    if (kind == 0) return Batches::windows(counting(100), options);
    if (kind == 1) return Batches::packed(documents, kEnd, options);
    return Batches::documents(documents, kEnd, options);
  };
  for (const int kind : {0, 1, 2}) {
    for (const int steps : {0, 3, 5, 17}) {
      CAPTURE(kind);
      CAPTURE(steps);
      Batches batches = make(kind, 7);
      for (int i = 0; i < steps; ++i) batches.next();
      const BatchState state = batches.state();
      Batches restored = make(kind, 8);
      CHECK_FALSE(same(restored.next(), make(kind, 7).next()));
      restored.restore(state);
      for (int i = 0; i < 20; ++i) CHECK(same(restored.next(), batches.next()));
      CHECK(restored.state() == batches.state());
    }
  }
}

TEST_CASE("property: every target of a text is evaluated once") {
  for (const Index size : {2, 3, 16, 17, 18, 33, 100}) {
    for (const Index time : {1, 4, 16, 1000}) {
      std::vector<int> seen(static_cast<std::size_t>(size));
      Index tokens = 0;
      for (const Batch& batch : evaluation_windows(counting(size), time, 3)) {
        tokens += batch.tokens;
        CHECK(batch.time <= time);
        for (std::size_t i = 0; i < batch.targets.size(); ++i) {
          if (batch.targets[i] == kIgnore) continue;
          CHECK(batch.targets[i] == batch.inputs[i] + 1);
          ++seen[static_cast<std::size_t>(batch.targets[i])];
        }
      }
      CHECK(tokens == size - 1);
      CHECK(seen[0] == 0);
      for (std::size_t i = 1; i < seen.size(); ++i) REQUIRE(seen[i] == 1);
    }
  }
}

TEST_CASE("edges: fewer rows than a batch, one row, windows of one token") {
  Batches few = Batches::documents(numbered({3, 2}), kEnd, {.batch = 7, .time = 5, .group = 4});
  for (int i = 0; i < 6; ++i) {
    const Batch batch = few.next();
    CHECK(batch.batch == 7);
    std::map<std::int32_t, int> counts;
    for (Index row = 0; row < 7; ++row)
      ++counts[batch.targets[static_cast<std::size_t>(row * batch.time)]];
    CHECK((counts[100] == 3 || counts[100] == 4));
  }
  Batches short_windows = Batches::windows({1, 2, 3}, {.batch = 2, .time = 1});
  const Batch batch = short_windows.next();
  CHECK(batch.targets.size() == 2);
  CHECK(batch.targets[0] + batch.targets[1] == 5);  // 2 and 3
  Batches packed = Batches::packed(numbered({3}), kEnd, {.batch = 1, .time = 2});
  CHECK(packed.next().targets == Ids{100, 101});
}

TEST_CASE("misuse: texts too short, empty documents, options and states out of range") {
  CHECK_THROWS_WITH_AS(
      Batches::windows({1, 2, 3}, {.batch = 1, .time = 3}),
      "batches: the text has 3 tokens, expected at least 4 (time 3 and one to predict)",
      std::invalid_argument);
  CHECK_THROWS_WITH_AS(Batches::documents({}, kEnd, {}),
                       "batches: no documents, expected at least 1", std::invalid_argument);
  const std::vector<Ids> with_empty{{1}, {}, {2}};
  CHECK_THROWS_WITH_AS(Batches::packed(with_empty, kEnd, {}), "batches: document 2 of 3 is empty",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(Batches::windows({1, 2}, {.batch = 0, .time = 1}),
                       "batches: batch is 0, expected 1 or more", std::invalid_argument);
  CHECK_THROWS_WITH_AS(Batches::windows({1, 2}, {.batch = 1, .time = 0}),
                       "batches: time is 0, expected 1 or more", std::invalid_argument);
  CHECK_THROWS_WITH_AS(Batches::windows({1, 2}, {.batch = 1, .time = 1, .group = -1}),
                       "batches: group is -1, expected 0 or more", std::invalid_argument);
  CHECK_THROWS_WITH_AS(evaluation_windows(Ids{1}, 4),
                       "batches: the text has 1 tokens, expected at least 2",
                       std::invalid_argument);
  Batches batches = Batches::documents(numbered({1, 2, 3}), kEnd, {.batch = 2, .time = 9});
  batches.next();
  const BatchState state = batches.state();
  CHECK_THROWS_WITH_AS(batches.restore({1, 0, 4}),
                       "batches: state is row 4 of epoch 0, but that epoch has 3 rows",
                       std::invalid_argument);
  CHECK_THROWS_AS(batches.restore({1, -1, 0}), std::invalid_argument);
  CHECK(batches.state() == state);
}
