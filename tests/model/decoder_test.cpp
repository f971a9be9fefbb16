#include "limpid/model/decoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/backprop/grad_check.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/nn/cross_entropy.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

namespace {

using IdList = std::vector<std::int32_t>;

Config small(Family family) {
  Config config;
  config.family = family;
  config.vocab = 11;
  config.context = 6;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = family == Family::gpt2 ? 2 : 1;
  config.width = 8;
  config.hidden = family == Family::gpt2 ? 32 : 12;
  config.tied = family == Family::gpt2;
  return config;
}

IdList random_ids(Index count, Index vocab, Rng& rng) {
  IdList ids;
  for (Index i = 0; i < count; ++i) {
    ids.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(vocab))));
  }
  return ids;
}

template <class Real>
double loss_of(const Decoder<Real>& model, const IdList& ids, const IdList& targets,
               const Context& context) {
  return cross_entropy_loss(model.forward(ids, context, nullptr), targets);
}

}  // namespace

TEST_CASE("by hand: with all block outputs zero, the logits compare embeddings") {
  // The out and down projections are 0, so the stream stays at embedding + position; the final norm with
  // gain 1 gives (1, -1) or (-1, 1) at width 2, and the tied head multiplies by the embedding.
  Config config = small(Family::gpt2);
  config.vocab = 2;
  config.layers = config.heads = config.kv_heads = 1;
  config.width = 2;
  config.norm_epsilon = 1e-12;
  Rng rng(1);
  Decoder<double> model(config, rng);
  for (const Parameter<double>& p : model.parameters()) {
    const bool branch = p.name.find("blocks.") == 0 && p.name.find("norm") == std::string::npos;
    if (branch || p.name == "positions.weight") std::fill(p.value.begin(), p.value.end(), 0);
  }
  model.embedding.weight << 3, 1,  // normed: mean 2, deviation 1: (1, -1)
      0, 4;                        // normed: mean 2, deviation 2: (-1, 1)
  const IdList ids{0, 1};
  Matrix<double> expected(2, 2);
  expected << 3 - 1, 0 - 4,  //
      -3 + 1, 0 + 4;
  const Context context{.batch = 1, .time = 2};
  CHECK(max_difference(model.forward(ids, context, nullptr), expected) <= 1e-11);
}

TEST_CASE("by hand: dropout falls on the sum of token and position, before the first block") {
  Config config = small(Family::gpt2);
  config.dropout = 0.4;
  Rng rng(21);
  Decoder<double> model(config, rng);
  randomize(model.parameters(), rng);
  for (const Parameter<double>& p : model.parameters()) {
    const bool branch = p.name.starts_with("blocks.") && p.name.find("norm") == std::string::npos;
    if (branch) std::fill(p.value.begin(), p.value.end(), 0);  // the blocks add nothing
  }
  const IdList ids = random_ids(6, 11, rng);
  Rng stream(22), same(22);
  const Context context{.batch = 2, .time = 3, .dropout = &stream};
  const Context copy{.batch = 2, .time = 3, .dropout = &same};
  Matrix<double> x = model.positions->forward(model.embedding.forward(ids), copy);
  x = Dropout<double>(0.4).forward(std::move(x), copy, nullptr);
  CHECK((x.array() == 0).count() > 0);
  const Matrix<double> expected =
      model.final_norm.forward(x, nullptr) * model.embedding.weight.transpose();
  CHECK(max_difference(model.forward(ids, context, nullptr), expected) <= 1e-13);
}

TEST_CASE("by hand: the names of the parameters, in the order of a file") {
  const auto names = [](Family family) {
    Config config = small(family);
    config.layers = 1;
    Rng rng(23);
    Decoder<float> model(config, rng);
    std::string all;
    for (const Parameter<float>& p : model.parameters()) all += p.name + " ";
    return all;
  };
  CHECK(names(Family::gpt2) ==
        "embedding.weight positions.weight blocks.0.norm1.gain blocks.0.norm1.bias "
        "blocks.0.attention.qkv.weight blocks.0.attention.qkv.bias blocks.0.attention.out.weight "
        "blocks.0.attention.out.bias blocks.0.norm2.gain blocks.0.norm2.bias "
        "blocks.0.feed_forward.up.weight blocks.0.feed_forward.up.bias "
        "blocks.0.feed_forward.down.weight blocks.0.feed_forward.down.bias final_norm.gain "
        "final_norm.bias ");
  CHECK(names(Family::llama) ==
        "embedding.weight blocks.0.norm1.gain blocks.0.attention.qkv.weight "
        "blocks.0.attention.out.weight blocks.0.norm2.gain blocks.0.feed_forward.gate_up.weight "
        "blocks.0.feed_forward.down.weight final_norm.gain head.weight ");
}

TEST_CASE("property: every layer is drawn for itself") {
  Rng rng(24);
  const Decoder<double> model(small(Family::llama), rng);
  CHECK(max_difference(model.blocks[0].attention.qkv.weight, model.blocks[1].attention.qkv.weight) >
        0.01);
}

TEST_CASE("property: every family has the parameters that its config counts") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      Config config = small(family);
      config.tied = tied;
      Rng rng(2);
      Decoder<float> model(config, rng);
      Index count = 0;
      for (const Parameter<float>& p : model.parameters()) {
        Index size = 1;
        for (const Index side : p.shape) size *= side;
        CHECK(size == static_cast<Index>(p.value.size()));
        count += size;
        // Norms and biases do not decay; matrices do.
        CHECK(p.decay == (p.shape.size() == 2));
      }
      CHECK(count == config.parameter_count());
    }
  }
}

TEST_CASE("property: a fresh model is about as unsure as a fair die") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(3);
    const Decoder<float> model(small(family), rng);
    const IdList ids = random_ids(240, 11, rng), targets = random_ids(240, 11, rng);
    const Context context{.batch = 40, .time = 6};
    // Fresh logits deviate by 0.55, which costs 0.55^2 / 2 = 0.15.
    CHECK(std::abs(loss_of(model, ids, targets, context) - std::log(11.0) - 0.15) <= 0.1);
  }
}

TEST_CASE("property: both residual projections start 1 / sqrt(2 layers) as large as the rest") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Config config = small(family);  // llama's head is a matrix of its own
    config.width = 64;
    config.hidden = 256;
    config.layers = 8;
    Rng rng(4);
    Decoder<double> model(config, rng);
    for (const Parameter<double>& p : model.parameters()) {
      if (p.shape.size() != 2) continue;
      double squares = 0;
      for (const double w : p.value) squares += w * w;
      const double deviation = std::sqrt(squares / static_cast<double>(p.value.size()));
      const bool residual = p.name.find("attention.out") != std::string::npos ||
                            p.name.find("feed_forward.down") != std::string::npos;
      CAPTURE(p.name);
      const double expected = initial_deviation(64) * (residual ? 0.25 : 1);
      CHECK(std::abs(deviation / expected - 1) <= 0.15);
    }
  }
}

TEST_CASE("property: no output sees a later token") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(5);
    Decoder<double> model(small(family), rng);
    randomize(model.parameters(), rng);
    IdList ids{1, 2, 3, 4, 5, 6};
    const Context context{.batch = 1, .time = 6};
    const Matrix<double> before = model.forward(ids, context, nullptr);
    ids[3] = 9;
    const Matrix<double> after = model.forward(ids, context, nullptr);
    CHECK(max_difference(after.topRows(3), before.topRows(3)) == 0);
    for (Index t = 3; t < 6; ++t) CHECK(max_difference(after.row(t), before.row(t)) > 1e-6);
  }
}

TEST_CASE("property: sequences of a batch do not know each other") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(6);
    Decoder<double> model(small(family), rng);
    randomize(model.parameters(), rng);
    const IdList ids = random_ids(8, 11, rng);
    const Matrix<double> both = model.forward(ids, {.batch = 2, .time = 4}, nullptr);
    const IdList second(ids.begin() + 4, ids.end());
    const Matrix<double> alone = model.forward(second, {.batch = 1, .time = 4}, nullptr);
    CHECK(max_difference(both.bottomRows(4), alone) <= 1e-13);
  }
}

TEST_CASE("property: cached decoding agrees with a pass over everything, token by token") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Rng rng(7);
    Decoder<double> model(small(family), rng);
    randomize(model.parameters(), rng);
    const IdList ids = random_ids(12, 11, rng);  // two sequences of six
    const Matrix<double> all = model.forward(ids, {.batch = 2, .time = 6}, nullptr);
    std::vector<KeyValueCache<double>> past = model.make_caches(2, 6);
    // A chunk of two tokens, then one at a time.
    const auto feed = [&](Index first, Index count) {
      IdList chunk;
      for (Index b = 0; b < 2; ++b) {
        for (Index i = 0; i < count; ++i) {
          chunk.push_back(ids[static_cast<std::size_t>(b * 6 + first + i)]);
        }
      }
      const Matrix<double> last = model.forward_cached(chunk, {.batch = 2, .time = count}, past);
      for (Index b = 0; b < 2; ++b) {
        CHECK(max_difference(last.row(b), all.row(b * 6 + first + count - 1)) <= 1e-12);
      }
    };
    feed(0, 2);
    for (Index first = 2; first < 6; ++first) feed(first, 1);
    for (KeyValueCache<double>& cache : past) cache.reset();
    feed(0, 3);
  }
}

TEST_CASE("property: the same bits with 1, 2, 3 and 8 threads") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    Config config = small(family);
    config.width = 64;
    config.hidden = 200;
    config.context = 70;
    std::vector<float> reference;
    for (const int count : {1, 2, 3, 8}) {
      set_threads(count);
      Rng rng(8);
      Decoder<float> model(config, rng);
      const IdList ids = random_ids(4 * 70, 11, rng), targets = random_ids(4 * 70, 11, rng);
      const Context context{.batch = 4, .time = 70};
      Decoder<float>::Cache cache;
      const auto result = cross_entropy(model.forward(ids, context, &cache), targets);
      model.backward(result.dlogits, context, cache);
      std::vector<float> bits{static_cast<float>(result.loss)};
      for (const Parameter<float>& p : model.parameters()) {
        bits.insert(bits.end(), p.grad.begin(), p.grad.end());
      }
      if (reference.empty()) reference = bits;
      CHECK(bits == reference);
    }
    set_threads(physical_cores());
  }
}

TEST_CASE("gradient check: every parameter of both families, tied and not") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const bool tied : {true, false}) {
      Config config = small(family);
      config.tied = tied;
      Rng rng(9);
      Decoder<double> model(config, rng);
      randomize(model.parameters(), rng, 0.3);
      const IdList ids = random_ids(8, 11, rng), targets = random_ids(8, 11, rng);
      const Context context{.batch = 2, .time = 4};
      Decoder<double>::Cache cache;
      const auto result = cross_entropy(model.forward(ids, context, &cache), targets);
      model.backward(result.dlogits, context, cache);
      for (const GradientError& row : check_gradients(checked(model.parameters()), [&] {
             return loss_of(model, ids, targets, context);
           })) {
        CAPTURE(row.name);
        CHECK(row.error <= 1e-7);
      }
    }
  }
}

TEST_CASE("gradient check: with dropout, from one state of the stream") {
  Config config = small(Family::gpt2);
  config.dropout = 0.3;
  Rng rng(10);
  Decoder<double> model(config, rng);
  randomize(model.parameters(), rng, 0.3);
  const IdList ids = random_ids(4, 11, rng), targets = random_ids(4, 11, rng);
  const auto run = [&](Decoder<double>::Cache* cache, auto&& use) {
    Rng stream(77);
    Context context{.batch = 1, .time = 4};
    context.dropout = &stream;
    return use(model.forward(ids, context, cache), context);
  };
  Decoder<double>::Cache cache;
  run(&cache, [&](Matrix<double> logits, const Context& context) {
    model.backward(cross_entropy(std::move(logits), targets).dlogits, context, cache);
    return 0.0;
  });
  const auto loss = [&] {
    return run(nullptr, [&](const Matrix<double>& logits, const Context&) {
      return cross_entropy_loss(logits, targets);
    });
  };
  CHECK(loss() != loss_of(model, ids, targets, {.batch = 1, .time = 4}));
  for (const GradientError& row : check_gradients(checked(model.parameters()), loss)) {
    CAPTURE(row.name);
    CHECK(row.error <= 1e-7);
  }
}

TEST_CASE("fixture: a plain PyTorch model of each family: logits, loss and every gradient") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    const Fixture fixture("decoder", std::string(family_name(family)));
    Rng rng(11);
    Decoder<double> model(small(family), rng);
    for (const Parameter<double>& p : model.parameters()) fixture.load(p, "parameter." + p.name);
    const auto to_ids = [&](const char* key) {
      IdList ids;
      for (const Index id : fixture.integers(key)) ids.push_back(static_cast<std::int32_t>(id));
      return ids;
    };
    const Context context{.batch = 2, .time = 6};
    Decoder<double>::Cache cache;
    Matrix<double> logits = model.forward(to_ids("ids"), context, &cache);
    CHECK(max_difference(logits, fixture.matrix("logits")) <= 1e-10);
    const auto result = cross_entropy(std::move(logits), to_ids("targets"));
    CHECK(std::abs(result.loss - fixture.number("loss")) <= 1e-10);
    model.backward(result.dlogits, context, cache);
    for (const Parameter<double>& p : model.parameters()) {
      CAPTURE(p.name);
      const Matrix<double> expected = fixture.matrix("gradient." + p.name);
      const Eigen::Map<const Matrix<double>> gradient(p.grad.data(), expected.rows(),
                                                      expected.cols());
      CHECK(max_difference(gradient, expected) <= 1e-10);
    }
  }
}

TEST_CASE("accumulation: two backwards double every gradient") {
  Rng rng(12);
  Decoder<double> model(small(Family::llama), rng);
  const IdList ids = random_ids(6, 11, rng), targets = random_ids(6, 11, rng);
  const Context context{.batch = 1, .time = 6};
  Decoder<double>::Cache cache;
  const auto result = cross_entropy(model.forward(ids, context, &cache), targets);
  model.backward(result.dlogits, context, cache);
  std::vector<double> once;
  for (const auto& p : model.parameters()) once.insert(once.end(), p.grad.begin(), p.grad.end());
  model.backward(result.dlogits, context, cache);
  std::size_t i = 0;
  for (const auto& p : model.parameters()) {
    for (const double g : p.grad) CHECK(std::abs(g - 2 * once[i++]) <= 1e-13);
  }
}

TEST_CASE("edges: one token, one layer, one head, a cache that counts its bytes") {
  Config config = small(Family::llama);
  config.layers = config.heads = config.kv_heads = 1;
  config.context = 1;
  Rng rng(13);
  const Decoder<double> model(config, rng);
  Decoder<double>::Cache cache;
  const Matrix<double> logits = model.forward(IdList{3}, {.batch = 1, .time = 1}, &cache);
  CHECK(logits.rows() == 1);
  CHECK(logits.cols() == 11);
  CHECK(logits.allFinite());
  CHECK(cache.bytes() > 0);
}

TEST_CASE("misuse: too long, the wrong number of ids, an id outside the vocabulary") {
  Rng rng(14);
  const Decoder<double> model(small(Family::gpt2), rng);
  const auto forward = [&](const IdList& ids, Index time) {
    return model.forward(ids, {.batch = 1, .time = time}, nullptr);
  };
  CHECK_THROWS_WITH_AS(forward(IdList(7, 1), 7),
                       "decoder: a sequence of 7 tokens, expected at most 6 (the model's context)",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(forward(IdList(3, 1), 2), "decoder: 3 ids, expected batch 1 x time 2 = 2",
                       std::invalid_argument);
  CHECK_THROWS_AS(forward(IdList{11}, 1), std::invalid_argument);
  // What the caches hold counts too, whatever offset the caller believes in.
  std::vector<KeyValueCache<double>> past = model.make_caches(1, 9);
  model.forward_cached(IdList(4, 1), {.batch = 1, .time = 4}, past);
  CHECK_NOTHROW(model.forward_cached(IdList(2, 1), {.batch = 1, .time = 2, .offset = 1}, past));
  CHECK_THROWS_WITH_AS(model.forward_cached(IdList(1, 1), {.batch = 1, .time = 1}, past),
                       "decoder: a sequence of 7 tokens, expected at most 6 (the model's context)",
                       std::invalid_argument);
}
