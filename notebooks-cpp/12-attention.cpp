// %% [markdown]
// # Attention
//
// The notebook of the lesson [attention](../lessons/12-attention/README.md). It runs the code in
// [scaled_dot_product_attention.cpp](../src/limpid/nn/scaled_dot_product_attention.cpp) and
// [multi_head_attention.cpp](../src/limpid/nn/multi_head_attention.cpp), and trains a small model to
// look inside it; change a number and run it again with `./dev notebook attention`.

// %%
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/embedded.hpp"
#include "limpid/core/matmul.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/nn/multi_head_attention.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"
#include "limpid/nn/softmax.hpp"
#include "limpid/tales/corpus.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tales/writer.hpp"
#include "limpid/tokenizer/word.hpp"
#include "limpid/train/adamw.hpp"
#include "limpid/train/batches.hpp"
#include "limpid/train/clip.hpp"
#include "limpid/train/schedule.hpp"

#include "support/notebook.hpp"
#include "support/plot.hpp"

using namespace limpid;

Matrix<double> normal_matrix(Index rows, Index cols, Rng& rng) {
  Matrix<double> m(rows, cols);
  for (double& number : m.reshaped()) number = rng.normal();
  return m;
}

double largest(const Matrix<double>& m) {
  return m.cwiseAbs().maxCoeff();
}

// One head: y, and the weights if someone wants them.
Matrix<double> attend(const Matrix<double>& q, const Matrix<double>& k, const Matrix<double>& v,
                      const AttentionMask& mask, Matrix<double>* weights = nullptr) {
  Matrix<double> y(q.rows(), q.cols());
  scaled_dot_product_attention<double>(y, q, k, v, mask, weights);
  return y;
}

// %% [markdown]
// ## By hand
//
// Three tokens, heads of width 4, so dot products are divided by sqrt(4) = 2. All three ask the same
// question, q = (2, 0, 0, 0). The first number of the keys is 0, ln 2 and ln 3: these are the scores.
// Softmax makes of them 1, 2 and 3, divided by their sum.

// %% by_hand
struct ByHand {
  Matrix<double> q = Matrix<double>::Zero(3, 4), k = q, v = q;
  ByHand() {
    q.col(0).setConstant(2);
    k << 0, 1, 0, 0,  //
        std::log(2.0), 0, 1, 0, std::log(3.0), 0, 0, 1;
    v.leftCols(3).diagonal().setConstant(6);
  }
};

NB_CELL {
  const ByHand head;
  Matrix<double> weights;
  const Matrix<double> y = attend(head.q, head.k, head.v, {.causal = false}, &weights);
  nb::print("score", matmul<double>(head.q.topRows(1), t(head.k)) / 2);
  nb::print("weight", weights.row(0));
  nb::print("y", y.row(0));
  Matrix<double> paper(1, 3);
  paper << 1. / 6, 2. / 6, 3. / 6;
  NB_CHECK(largest(weights.row(0) - paper) <= 1e-15);
};

// %% [markdown]
// ## The mask
//
// The same three queries, but each sees only itself and what came before it.

// %% mask
NB_CELL {
  const ByHand head;
  Matrix<double> weights;
  const Matrix<double> y = attend(head.q, head.k, head.v, {.causal = true}, &weights);
  nb::print("weights", weights);
  nb::print("y", y);
  // Another third token: the first two rows of y cannot know.
  ByHand other;
  other.k.row(2).setConstant(5);
  other.v.row(2).setConstant(7);
  NB_CHECK(largest((attend(other.q, other.k, other.v, {}) - y).topRows(2)) == 0);
};

// %% [markdown]
// ## Why the root
//
// Queries and keys of D independent normal numbers, 16 keys for each query. How large is the
// largest weight, on average? And how much slope is left: what is the largest p (1 - p) of a row,
// that is how fast can a weight change when its score does?

// %% why_the_root
NB_CELL {
  std::printf("%6s %26s %26s\n", "", "undivided", "divided by sqrt(D)");
  std::printf("%6s %13s %12s %13s %12s\n", "D", "largest p", "p (1 - p)", "largest p", "p (1 - p)");
  for (const Index D : {4, 16, 64, 256}) {
    Rng rng(1);
    const Matrix<double> q = normal_matrix(2000, D, rng), k = normal_matrix(16, D, rng);
    std::printf("%6d", static_cast<int>(D));
    for (const double scale : {1.0, 1.0 / std::sqrt(static_cast<double>(D))}) {
      Matrix<double> p = matmul<double>(q, t(k));
      softmax<double>(p, scale);
      std::printf(" %13.2f %12.2f", p.rowwise().maxCoeff().mean(),
                  (p.array() * (1 - p.array())).rowwise().maxCoeff().mean());
    }
    std::printf("\n");
  }
};

// %% [markdown]
// ## Order is not seen
//
// Without a mask a head looks at a set, not at a sequence: permute the tokens and the rows of y are
// permuted. The mask alone tells some order; positions tell the rest.

// %% permuted
NB_CELL {
  Rng rng(2);
  const Matrix<double> q = normal_matrix(3, 4, rng), k = normal_matrix(3, 4, rng),
                       v = normal_matrix(3, 4, rng);
  const std::vector<Index> order{2, 0, 1};
  const auto permuted = [&](const Matrix<double>& m) {
    return Matrix<double>(m(order, Eigen::all));
  };
  const auto difference = [&](const AttentionMask& mask) {
    return largest(attend(permuted(q), permuted(k), permuted(v), mask) -
                   permuted(attend(q, k, v, mask)));
  };
  NB_CHECK(difference({.causal = false}) <= 1e-14);
  NB_CHECK(difference({.causal = true}) >= 0.1);
  std::printf("no mask: %s   causal: %s\n",
              difference({.causal = false}) <= 1e-14 ? "the same rows" : "other rows",
              difference({.causal = true}) <= 1e-14 ? "the same rows" : "other rows");
};

// %% [markdown]
// ## Many heads
//
// Two heads of width 2 are the two halves of the columns. Here the layer's `forward` is made again
// from single heads: cut, attend, put side by side, mix.

// %% many_heads
NB_CELL {
  Rng rng(3);
  const MultiHeadAttention<double> layer({.width = 4, .heads = 2, .bias = false}, rng);
  const Matrix<double> x = normal_matrix(5, 4, rng);
  const Matrix<double> y = layer.forward(x, {.batch = 1, .time = 5}, nullptr);

  const Matrix<double> rows = matmul<double>(x, t(layer.qkv.weight));  // [5, 12]: q, k, v
  Matrix<double> merged(5, 4);
  for (Index h = 0; h < 2; ++h) {
    merged.middleCols(2 * h, 2) = attend(rows.middleCols(2 * h, 2), rows.middleCols(4 + 2 * h, 2),
                                         rows.middleCols(8 + 2 * h, 2), {});
  }
  NB_CHECK(largest(matmul<double>(merged, t(layer.out.weight)) - y) <= 1e-14);

  // The last product is a sum over the heads: what one head adds is a matrix of its own.
  Matrix<double> sum = Matrix<double>::Zero(5, 4);
  for (Index h = 0; h < 2; ++h) {
    sum += matmul<double>(merged.middleCols(2 * h, 2), t(layer.out.weight.middleCols(2 * h, 2)));
  }
  NB_CHECK(largest(sum - y) <= 1e-14);
};

// %% [markdown]
// ## The slopes of softmax
//
// Row j of the table: how weight j moves when score i does, at the weights (1, 2, 3) / 6. Raising
// a score takes weight from all others, so each column adds up to 0, and so does each row.

// %% slopes
NB_CELL {
  Matrix<double> score(1, 3);
  score << 0, std::log(2.0), std::log(3.0);
  Matrix<double> p = score;
  softmax<double>(p);
  Matrix<double> slopes(3, 3), by_differences(3, 3);
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 3; ++j) slopes(j, i) = p(0, j) * ((i == j ? 1 : 0) - p(0, i));
    const double h = 1e-5;
    Matrix<double> above = score, below = score;
    above(0, i) += h;
    below(0, i) -= h;
    softmax<double>(above);
    softmax<double>(below);
    by_differences.col(i) = ((above - below) / (2 * h)).transpose();
  }
  NB_CHECK(largest(slopes - by_differences) <= 1e-9);
  nb::print("slopes", slopes);
  nb::show_svg(
      "slopes",
      nb::heat_map(
          {.title = "d p[j] / d s[i] at p = (1, 2, 3) / 6", .x = "score i", .y = "weight j"},
          slopes, {.rows = {"0", "1", "2"}, .columns = {"0", "1", "2"}, .digits = 2}));
};

// %% [markdown]
// ## Backward by hand
//
// The third query of the causal head, and dy = (1, 0, 0, 0) for it alone.

// %% backward
NB_CELL {
  const ByHand head;
  Matrix<double> weights, dy = Matrix<double>::Zero(3, 4);
  attend(head.q, head.k, head.v, {}, &weights);
  dy(2, 0) = 1;
  Matrix<double> dq(3, 4), dk = Matrix<double>::Zero(3, 4), dv = dk;
  scaled_dot_product_attention_backward<double>(dq, dk, dv, dy, head.q, head.k, head.v, {},
                                                weights);
  const Matrix<double> p = weights.row(2), dp = matmul<double>(dy.row(2), t(head.v));
  const double average = (p.array() * dp.array()).sum();
  const Matrix<double> ds = (p.array() * (dp.array() - average) / 2).matrix();
  nb::print("p", p);
  nb::print("dp", dp);
  std::printf("average of dp, weighted with p: %.1f\n", average);
  nb::print("ds", ds);
  nb::print("dq, row 2", dq.row(2));
  nb::print("dk, column 0", dk.col(0).transpose());
  nb::print("dv, column 0", dv.col(0).transpose());
  NB_CHECK(largest(dq.row(2) - matmul<double>(ds, head.k)) <= 1e-15);
};

// %% [markdown]
// ## A world of small tales
//
// The tales of [data/tales](../data/tales/README.md) take minutes to learn. This world, in the same
// language, takes seconds: a hero, a friend, an animal, a thing and a place, each told once and then
// remembered. Heroes' names are told again at many places, and nothing but memory can say which.

// %% world
constexpr const char* kWorld = R"(
list names
  Alder, Aspen, Basil, Biscuit, Bramble, Clover, Cricket, Dusty, Ember, Fern
  Flint, Gilbert, Harper, Hazel, Indigo, Ivy, Jasper, Juniper, Linden, Mabel
list friends
  Arlo, Bruno, Celia, Daphne, Edgar, Flora, Gustav, Hilda, Igor, Jonas
  Klara, Leander, Martha, Norbert, Otto, Petra, Rufus, Selma, Theo, Ursula
list animals
  fox, bear, badger, rabbit, mouse, owl, hedgehog, squirrel, otter, beaver
list objects
  lantern, scarf, umbrella, boat, rope, flute, bucket, hammer, pillow, basket
list places
  mill, hill, lake, river, church, market, forest, meadow, orchard, harbour
fact name from names
fact kind from animals
fact object from objects
fact friend from friends
fact place from places
rule story
  {opening} {meeting} {trouble} {help} {ending}
rule opening
  Once there was {a} {kind} named {name}, who had {a} {object}.
  {Name} was {a} {kind} and lived near the {place} with {a} {object}.
  Long ago {a} {kind} named {name} had {a} {object}.
rule meeting
  One day {name} met {friend}.
  One morning {friend} came to see {name}.
  One day {friend} sat near the {place}.
rule trouble
  {Friend} was sad.
  {Friend} could not get home.
  "Help me," said {friend}.
rule help
  So {name} fetched the {object}.
  The {kind} fetched the {object}.
  Then {name} gave {friend} the {object}.
rule ending
  {Friend} thanked {name}.
  And {name} went home to the {place}.
  {Name} and {friend} were friends from that day on.
)";

constexpr Index kSteps = 500, kRows = 16, kTime = 64;

using Ids = std::vector<std::int32_t>;

// Stories to learn from, and others to measure on.
struct Tales {
  tales::World world;
  std::vector<tales::Story> heldout;
  WordTokenizer words;
  std::int32_t end;
  std::vector<Ids> train_ids, heldout_ids;
  std::vector<int> hero, fellow;  // for each token: is it a hero's name, a friend's name?
  double floor;                   // nats per token of the held-out stories: no model can do better

  static const Tales& get() {
    static const Tales all = make();
    return all;
  }

 private:
  static std::vector<tales::Story> stories(const tales::World& world, tales::Split split,
                                           Index count) {
    Rng rng = tales::stream(9, split);
    std::vector<tales::Story> all;
    for (Index i = 0; i < count; ++i) all.push_back(tales::write(world, split, rng));
    return all;
  }

  static Tales make() {
    const EmbeddedFile file{"small.txt", kWorld};
    tales::World world = tales::World::parse({&file, 1});
    const std::vector<tales::Story> train = stories(world, tales::Split::train, kSteps * kRows);
    std::vector<tales::Story> heldout = stories(world, tales::Split::valid, 200);
    std::string text;
    for (std::size_t i = 0; i < 1000; ++i) text += train[i].text + "\n";
    WordTokenizer words = WordTokenizer::from_text(text);
    std::vector<Ids> train_ids, heldout_ids;
    for (const tales::Story& story : train) train_ids.push_back(words.encode(story.text));
    double bits = 0, tokens = 0;
    for (const tales::Story& story : heldout) {
      heldout_ids.push_back(words.encode(story.text));
      bits += story.bits;
      tokens += static_cast<double>(heldout_ids.back().size() + 1);  // the end is told, too
    }
    const auto among = [&](std::size_t list) {
      std::vector<int> is(static_cast<std::size_t>(words.vocab_size()), 0);
      for (const std::vector<std::string>& row : world.lists[list].rows) {
        // At the beginning of a story a word has no space before it: another token.
        for (const std::string& spelled : {row[0], " " + row[0]}) {
          for (const std::int32_t id : words.encode(spelled)) {
            if (words.token_bytes(id) == spelled) is[static_cast<std::size_t>(id)] = 1;
          }
        }
      }
      return is;
    };
    std::vector<int> hero = among(0), fellow = among(1);
    const std::int32_t end = words.end_of_text().value();
    return {std::move(world),
            std::move(heldout),
            std::move(words),
            end,
            std::move(train_ids),
            std::move(heldout_ids),
            std::move(hero),
            std::move(fellow),
            bits * std::log(2.0) / tokens};
  }
};

NB_CELL {
  const Tales& tales = Tales::get();
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string& text = tales.heldout[i].text;
    const std::size_t half = text.find(". ", text.size() / 3) + 1;  // lines that fit the page
    std::printf("%s\n%s\n\n", text.substr(0, half).c_str(), text.substr(half + 1).c_str());
  }
  std::printf("%d tokens, %d stories to learn from\n", static_cast<int>(tales.words.vocab_size()),
              static_cast<int>(tales.train_ids.size()));
};

// %% [markdown]
// ## A model of two layers with two heads
//
// The decoder of the library in double, so that its numbers are the same on your machine: two blocks,
// width 48, rotary positions, ordinary random first weights, AdamW. Each story is read once.

// %% train
struct Trained {
  Decoder<double> model;
  std::vector<double> losses;  // nats per token, each the mean of ten steps
};

Trained train(Index steps, bool causal) {
  const Tales& tales = Tales::get();
  Config config;
  config.family = Family::llama;
  config.vocab = tales.words.vocab_size();
  config.context = kTime;
  config.layers = config.heads = config.kv_heads = 2;
  config.width = 48;
  config.hidden = 96;
  Rng rng(6);
  Trained trained{Decoder<double>(config, rng), {}};
  Decoder<double>& model = trained.model;
  for (Block<double>& block : model.blocks) block.attention.options.causal = causal;
  const Parameters<double> parameters = model.parameters();
  AdamW<double> adamw(parameters, {0.9, 0.98, 1e-8, 0});
  Batches batches =
      Batches::documents(tales.train_ids, tales.end, {.batch = kRows, .time = kTime, .seed = 1});
  const LearningRate rate{8e-3, 0, 20, steps, Decay::linear};
  Decoder<double>::Cache cache;
  double sum = 0;
  for (Index step = 0; step < steps; ++step) {
    const Batch batch = batches.next();
    const Context context{.batch = batch.batch, .time = batch.time};
    zero_gradients(parameters);
    const CrossEntropyResult<double> result =
        cross_entropy(model.forward(batch.inputs, context, &cache), batch.targets);
    model.backward(result.dlogits, context, cache);
    clip_gradients(parameters, 1.0);
    adamw.step(parameters, rate(step));
    sum += result.loss;
    if ((step + 1) % 10 == 0) trained.losses.push_back(std::exchange(sum, 0) / 10);
  }
  return trained;
}

const Trained& trained() {
  static const Trained all = train(kSteps, true);
  return all;
}

NB_CELL {
  const std::vector<double>& losses = trained().losses;
  std::printf("loss at the end %.2f nats per token, floor of the tales %.2f\n", losses.back(),
              Tales::get().floor);
  NB_CHECK(losses.back() > 0 && losses.back() <= 1.2 * Tales::get().floor);
};

// %% [markdown]
// ## Where the heads look
//
// On 200 held-out stories we stop at every place where a name comes that the story has told before.
// How much of each head's attention lies there on the earlier tellings of that name? A head that
// looks at all places alike would give them a few percent.

// %% mass
struct Reading {
  double hits[2] = {0, 0}, cases[2] = {0, 0};        // of heroes' and of friends' names
  Matrix<double> mass = Matrix<double>::Zero(2, 4);  // [hero or friend, layer * 2 + head]
  double loss = 0;                                   // nats per token

  double recall(int who) const { return hits[who] / cases[who]; }
};

// A hit: of the twenty names, the model finds the right one the likeliest. By chance that is 5%.
Reading read(const Decoder<double>& model, const std::vector<Ids>& stories) {
  const Tales& tales = Tales::get();
  const std::vector<int>* const lists[2] = {&tales.hero, &tales.fellow};
  Reading reading;
  double nats = 0, tokens = 0;
  for (const Batch& batch : evaluation_documents(stories, tales.end, kTime, 50)) {
    Decoder<double>::Cache cache;
    const Matrix<double> logits =
        model.forward(batch.inputs, {.batch = batch.batch, .time = batch.time}, &cache);
    const std::vector<double> costs = cross_entropy_per_token(logits, batch.targets);
    for (Index i = 0; i < batch.batch * batch.time; ++i) {
      const Index row = i / batch.time, place = i % batch.time;
      const std::int32_t target = batch.targets[static_cast<std::size_t>(i)];
      if (target == kIgnore) continue;
      nats += costs[static_cast<std::size_t>(i)];
      ++tokens;
      for (int who = 0; who < 2; ++who) {
        const std::vector<int>& is_name = *lists[who];
        if (is_name[static_cast<std::size_t>(target)] == 0) continue;
        std::vector<Index>
            told;  // a story has one hero and one friend: all such names are this one
        for (Index j = 0; j <= place; ++j) {
          const std::int32_t id = batch.inputs[static_cast<std::size_t>(row * batch.time + j)];
          if (is_name[static_cast<std::size_t>(id)] != 0) told.push_back(j);
        }
        if (told.empty()) continue;
        Index best = -1;
        for (Index id = 0; id < logits.cols(); ++id) {
          if (is_name[static_cast<std::size_t>(id)] == 0) continue;
          if (best < 0 || logits(i, id) > logits(i, best)) best = id;
        }
        reading.hits[who] += best == target ? 1 : 0;
        ++reading.cases[who];
        for (Index head = 0; head < 4; ++head) {
          const Matrix<double>& weights =
              cache.blocks[static_cast<std::size_t>(head / 2)]
                  .attention.probabilities[static_cast<std::size_t>(row * 2 + head % 2)];
          for (const Index j : told) reading.mass(who, head) += weights(place, j);
        }
      }
    }
  }
  for (int who = 0; who < 2; ++who) reading.mass.row(who) /= reading.cases[who];
  reading.loss = nats / tokens;
  return reading;
}

constexpr const char* kHeads[] = {"layer 0, head 0", "layer 0, head 1", "layer 1, head 0",
                                  "layer 1, head 1"};

NB_CELL {
  const Reading reading = read(trained().model, Tales::get().heldout_ids);
  std::printf("%-16s %14s %14s\n", "attention on", "hero's name", "friend's name");
  for (Index head = 0; head < 4; ++head) {
    std::printf("%-16s %13.0f%% %13.0f%%\n", kHeads[head], 100 * reading.mass(0, head),
                100 * reading.mass(1, head));
  }
  NB_CHECK(reading.mass(0, 1) >= 0.8);  // layer 0, head 1
  std::printf("%d places for heroes, %d for friends\n", static_cast<int>(reading.cases[0]),
              static_cast<int>(reading.cases[1]));
};

// %% [markdown]
// ## One head switched off
//
// What a head adds to the stream goes through its own columns of `out.weight`. With zeros there the
// head is gone, and everything else is as it was.

// %% switched_off
Decoder<double> without(Decoder<double> model, Index head) {
  MultiHeadAttention<double>& attention =
      model.blocks[static_cast<std::size_t>(head / 2)].attention;
  const Index D = attention.options.head_width;
  attention.out.weight.middleCols(head % 2 * D, D).setZero();
  return model;
}

NB_CELL {
  const std::vector<Ids>& stories = Tales::get().heldout_ids;
  std::vector<std::string> names{"none"};
  std::vector<Reading> readings{read(trained().model, stories)};
  for (Index head = 0; head < 4; ++head) {
    names.emplace_back(kHeads[head]);
    readings.push_back(read(without(trained().model, head), stories));
  }
  std::printf("%-16s %14s %14s %10s\n", "switched off", "hero recalled", "friend recalled", "loss");
  nb::Series hero{"hero's name", {}, {}}, fellow{"friend's name", {}, {}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::printf("%-16s %13.0f%% %14.0f%% %10.2f\n", names[i].c_str(), 100 * readings[i].recall(0),
                100 * readings[i].recall(1), readings[i].loss);
    hero.y.push_back(100 * readings[i].recall(0));
    fellow.y.push_back(100 * readings[i].recall(1));
  }
  NB_CHECK(readings[0].recall(0) >= 0.95);  // all heads
  NB_CHECK(readings[2].recall(0) <= 0.2);   // without layer 0, head 1
  NB_CHECK(std::min({readings[1].recall(0), readings[3].recall(0), readings[4].recall(0)}) >= 0.9);
  nb::show_svg("switched_off", nb::bars({.title = "Names recalled in held-out stories, in percent",
                                         .x = "head switched off"},
                                        names, {hero, fellow}));
};

// %% [markdown]
// ## One story
//
// The map of the head that the hero's name hangs on. Each row is a place in the story, named by the
// token that stands there; it is about to say the next one. Columns are the same tokens in the same
// order; those with the hero's name are marked.

// %% story_map
std::string shown(std::int32_t id) {
  const Tales& tales = Tales::get();
  if (id == tales.end) return "(start)";
  const std::string bytes(tales.words.token_bytes(id));
  return bytes.substr(bytes.find_first_not_of(' '));
}

NB_CELL {
  const Tales& tales = Tales::get();
  const auto is_hero = [&](std::int32_t id) {
    return tales.hero[static_cast<std::size_t>(id)] != 0;
  };
  // The shortest held-out story that names its hero often.
  std::size_t chosen = 0;
  for (std::size_t s = 0; s < tales.heldout_ids.size(); ++s) {
    const Ids& ids = tales.heldout_ids[s];
    if (is_hero(ids[0]) || std::count_if(ids.begin(), ids.end(), is_hero) < 4) continue;
    if (chosen == 0 || ids.size() < tales.heldout_ids[chosen].size()) chosen = s;
  }
  Ids inputs{tales.end};
  inputs.insert(inputs.end(), tales.heldout_ids[chosen].begin(),
                tales.heldout_ids[chosen].end() - 1);
  Decoder<double>::Cache cache;
  trained().model.forward(inputs, {.batch = 1, .time = static_cast<Index>(inputs.size())}, &cache);
  std::vector<std::string> rows, columns;
  for (const std::int32_t id : inputs) {
    rows.push_back(shown(id));
    columns.push_back(is_hero(id) ? shown(id) : "");
  }
  std::printf("%s\n", tales.heldout[chosen].text.c_str());
  nb::show_svg(
      "story_map",
      nb::heat_map({.title = "Where layer 0, head 1 looks, from each token back",
                    .x = "token looked at",
                    .y = "from here"},
                   cache.blocks[0].attention.probabilities[1], {.rows = rows, .columns = columns}));
};

// %% [markdown]
// ## Another name in the same place
//
// Is it the name told first that decides? We change that one token, in all held-out stories, and
// ask at the second telling which of the twenty names is likeliest now.

// %% renamed
NB_CELL {
  const Tales& tales = Tales::get();
  const auto is_hero = [&](std::int32_t id) {
    return tales.hero[static_cast<std::size_t>(id)] != 0;
  };
  int follows = 0, stays = 0, cases = 0;
  for (std::size_t s = 0; s < tales.heldout_ids.size(); ++s) {
    Ids inputs{tales.end};
    inputs.insert(inputs.end(), tales.heldout_ids[s].begin(), tales.heldout_ids[s].end());
    const auto first = std::find_if(inputs.begin(), inputs.end(), is_hero);
    const auto second = std::find_if(first + 1, inputs.end(), is_hero);
    if (second == inputs.end() || first == inputs.begin() + 1) continue;  // " Ivy", not "Ivy"
    const std::int32_t old_name = *first;
    const Ids& donor = tales.heldout_ids[(s + 1) % tales.heldout_ids.size()];
    const auto lent = std::find_if(donor.begin() + 1, donor.end(), is_hero);
    if (lent == donor.end() || *lent == old_name) continue;
    *first = *lent;
    inputs.erase(second, inputs.end());
    const Matrix<double> logits = trained().model.forward(
        inputs, {.batch = 1, .time = static_cast<Index>(inputs.size())}, nullptr);
    std::int32_t best = -1;
    for (std::int32_t id = 0; id < tales.words.vocab_size(); ++id) {
      if (!is_hero(id)) continue;
      if (best < 0 || logits(logits.rows() - 1, id) > logits(logits.rows() - 1, best)) best = id;
    }
    follows += best == *lent ? 1 : 0;
    stays += best == old_name ? 1 : 0;
    ++cases;
  }
  NB_CHECK(follows >= cases * 9 / 10);
  std::printf("%d stories: the new name %d times, the old one %d times\n", cases, follows, stays);
};

// %% [markdown]
// ## Break it: a mask that leaks
//
// The same training without the mask. The loss falls below the floor, which nothing honest can: the
// model reads the next token instead of predicting it. With the mask put back, as when it writes,
// it is lost.

// %% leak
NB_CELL {
  const Tales& tales = Tales::get();
  Trained leaking = train(200, false);
  const double open = read(leaking.model, tales.heldout_ids).loss;
  for (Block<double>& block : leaking.model.blocks) block.attention.options.causal = true;
  const double masked = read(leaking.model, tales.heldout_ids).loss;
  std::printf("held-out loss, nats per token: %.2f with the leak, %.2f when it has to write\n",
              open, masked);
  std::printf("floor of the tales: %.2f\n", tales.floor);
  NB_CHECK(open < tales.floor && masked > tales.floor);
  const auto steps = [](const std::vector<double>& losses) {
    std::vector<double> at;
    for (std::size_t i = 0; i < losses.size(); ++i) at.push_back(10.0 * static_cast<double>(i + 1));
    return at;
  };
  std::vector<double> honest = trained().losses;
  honest.resize(leaking.losses.size());  // the first 200 steps of 500
  nb::show_svg(
      "leak",
      nb::lines({.title = "Training loss, the first 200 steps", .x = "step", .y = "nats per token"},
                {{"with the mask", steps(honest), honest},
                 {"without", steps(leaking.losses), leaking.losses},
                 {"floor", {0, 200}, {tales.floor, tales.floor}}}));
};
