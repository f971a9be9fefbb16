// What comes later changes nothing that came before: not a number forward, not a gradient backward. And
// what is changed does change something, or these tests would say nothing.
#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/multi_head_attention.hpp"

#include "random_models.hpp"
#include "support/property.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

TEST_CASE("property: attention, plain and flash: a changed token changes no earlier output") {
  for_all([] {
    const AttentionOptions options = pick_attention(true);
    const Index time = pick("time", 1, 150), changed = pick("changed token", 0, time - 1);
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    const Context context{.time = time};
    Matrix<double> x = random_matrix(time, options.width, rng);
    const Matrix<double> before = layer.forward(x, context, nullptr);
    x.row(changed) = random_matrix(1, options.width, rng);
    const Matrix<double> after = layer.forward(x, context, nullptr);
    RC_ASSERT(max_difference(after.topRows(changed), before.topRows(changed)) == 0);
    RC_ASSERT(max_difference(after.row(changed), before.row(changed)) > 0);
  });
}

TEST_CASE("property: attention, plain and flash: an output asks nothing of later tokens") {
  for_all([] {
    const AttentionOptions options = pick_attention(true);
    const Index time = pick("time", 1, 150), last = pick("last token asked", 0, time - 1);
    Rng rng = pick_rng();
    MultiHeadAttention<double> layer(options, rng);
    randomize(layer.parameters(), rng);
    const Context context{.time = time};
    MultiHeadAttention<double>::Cache cache;
    layer.forward(random_matrix(time, options.width, rng), context, &cache);
    Matrix<double> dy = Matrix<double>::Zero(time, options.width);
    dy.topRows(last + 1) = random_matrix(last + 1, options.width, rng);
    const Matrix<double> dx = layer.backward(dy, context, cache);
    RC_ASSERT(dx.bottomRows(time - 1 - last).isZero(0));
    RC_ASSERT(dx.row(last).cwiseAbs().maxCoeff() > 0);
  });
}

TEST_CASE("property: flash attention with older keys and hidden ones sees what it may, no more") {
  for_all([] {
    const Index queries = pick("queries", 1, 300), offset = pick("older keys", 0, 150);
    const Index width = pick("width", 1, 9), keys = offset + queries;
    const Index changed = pick("changed key", 0, keys - 1);
    Rng rng = pick_rng();
    const Matrix<double> q = random_matrix(queries, width, rng);
    Matrix<double> k = random_matrix(keys, width, rng), v = random_matrix(keys, width, rng);
    std::vector<std::uint8_t> visible(static_cast<std::size_t>(keys));
    for (std::uint8_t& bit : visible) bit = rng.uniform() < 0.8 ? 1 : 0;
    const bool seen = pick_bool("the changed key may be seen");
    visible[static_cast<std::size_t>(changed)] = seen ? 1 : 0;
    const AttentionMask mask{true, offset, visible};
    Matrix<double> before(queries, width), after(queries, width);
    flash_attention<double>(before, q, k, v, mask, nullptr);
    k.row(changed) = random_matrix(1, width, rng);
    v.row(changed) = random_matrix(1, width, rng);
    flash_attention<double>(after, q, k, v, mask, nullptr);
    // Query i stands at position offset + i.
    const Index unaware = seen ? std::max<Index>(0, changed - offset) : queries;
    RC_ASSERT(max_difference(after.topRows(unaware), before.topRows(unaware)) == 0);
    if (seen) RC_ASSERT(max_difference(after.row(unaware), before.row(unaware)) > 0);
  });
}

TEST_CASE("property: decoders of both families: a changed token changes no earlier logits") {
  for_all([] {
    const Config config = pick_config();
    const Index time = pick("time", 1, config.context),
                changed = pick("changed token", 0, time - 1);
    Rng rng = pick_rng();
    Decoder<double> model(config, rng);
    randomize(model.parameters(), rng);
    const Context context{.time = time};
    std::vector<std::int32_t> ids = random_ids(time, config.vocab, rng);
    const Matrix<double> before = model.forward(ids, context, nullptr);
    std::int32_t& id = ids[static_cast<std::size_t>(changed)];
    id = static_cast<std::int32_t>((id + 1) % config.vocab);
    const Matrix<double> after = model.forward(ids, context, nullptr);
    RC_ASSERT(max_difference(after.topRows(changed), before.topRows(changed)) == 0);
    RC_ASSERT(max_difference(after.row(changed), before.row(changed)) > 0);
  });
}

TEST_CASE("property: so tokens may come in pieces of any length, and what is past is remembered") {
  for_all([] {
    const Config config = pick_config();
    const Index batch = pick("batch", 1, 3), time = pick("time", 1, config.context);
    Rng rng = pick_rng();
    Decoder<double> model(config, rng);
    randomize(model.parameters(), rng);
    const std::vector<std::int32_t> ids = random_ids(batch * time, config.vocab, rng);
    const Matrix<double> all = model.forward(ids, {.batch = batch, .time = time}, nullptr);
    std::vector<KeyValueCache<double>> past = model.make_caches(batch, time);
    for (Index first = 0; first < time;) {
      const Index count = pick("tokens in this piece", 1, time - first);
      std::vector<std::int32_t> piece;
      for (Index b = 0; b < batch; ++b) {
        const auto begin = ids.begin() + b * time + first;
        piece.insert(piece.end(), begin, begin + count);
      }
      const Matrix<double> last =
          model.forward_cached(piece, {.batch = batch, .time = count}, past);
      first += count;
      for (Index b = 0; b < batch; ++b) {
        RC_ASSERT(max_difference(last.row(b), all.row(b * time + first - 1)) <= 1e-12);
      }
    }
  });
}
