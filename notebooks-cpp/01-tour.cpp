// %% [markdown]
// # The tour
//
// The notebook of the lesson [tour](../lessons/01-tour/README.md). It counts pairs of words, measures
// surprise in nats, bits and perplexity, and puts counting beside a small transformer. The counting
// models are those of [ngram.cpp](../src/limpid/model/ngram.cpp). Change a number and run it again
// with `./dev notebook tour`.

// %%
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/embedded.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/model/decoder.hpp"
#include "limpid/model/ngram.hpp"
#include "limpid/nn/cross_entropy.hpp"
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

using Ids = std::vector<std::int32_t>;

double bits(double probability) {
  return -std::log2(probability);
}

// %% [markdown]
// ## Counting pairs
//
// Four sentences. A bar stands before and behind each: it marks the end of a text, and so the
// beginning of the next one. Row by row: how often came which token after this one?

// %% counts
const std::vector<std::string> kTokens{"|", "the", "fox", "dog", "owl", "ran", "hid"};
const std::vector<Ids> kSentences{
    {0, 1, 2, 5, 0}, {0, 1, 2, 6, 0}, {0, 1, 3, 5, 0}, {0, 1, 4, 5, 0}};

Matrix<double> count_pairs(const std::vector<Ids>& sentences) {
  Matrix<double> counts = Matrix<double>::Zero(7, 7);
  for (const Ids& sentence : sentences) {
    for (std::size_t i = 1; i < sentence.size(); ++i) counts(sentence[i - 1], sentence[i]) += 1;
  }
  return counts;
}

void print_table(const Matrix<double>& table, int digits) {
  std::printf("%-6s", "");
  for (const std::string& token : kTokens) std::printf(" %6s", token.c_str());
  std::printf("\n");
  for (Index i = 0; i < 7; ++i) {
    std::printf("%-6s", kTokens[static_cast<std::size_t>(i)].c_str());
    for (Index j = 0; j < 7; ++j) {
      if (table(i, j) == 0) {
        std::printf(" %6s", ".");
      } else {
        std::printf(" %6.*f", digits, table(i, j));
      }
    }
    std::printf("\n");
  }
}

NB_CELL {
  print_table(count_pairs(kSentences), 0);
};

// %% [markdown]
// Each row divided by its sum: the probabilities of what comes next.

// %% probabilities
Matrix<double> bigram() {
  Matrix<double> table = count_pairs(kSentences);
  for (Index i = 0; i < 7; ++i) table.row(i) /= table.row(i).sum();
  return table;
}

NB_CELL {
  print_table(bigram(), 2);
};

// %% [markdown]
// ## Surprise
//
// What does the model think of a sentence? At each token it had a probability for what came. The
// surprise is its logarithm, without the minus: in bits with base 2, in nats with base e.

// %% surprise
NB_CELL {
  const Matrix<double> p = bigram();
  double in_bits = 0, tokens = 0;
  std::printf("%-14s %11s %6s %6s\n", "the fox ran", "probability", "bits", "nats");
  const Ids& sentence = kSentences[0];
  for (std::size_t i = 1; i < sentence.size(); ++i) {
    const double one = p(sentence[i - 1], sentence[i]);
    const std::string step = kTokens[static_cast<std::size_t>(sentence[i - 1])] + " -> " +
                             kTokens[static_cast<std::size_t>(sentence[i])];
    std::printf("%-14s %11.2f %6.2f %6.2f\n", step.c_str(), one, std::abs(bits(one)),
                std::abs(bits(one) * std::log(2.0)));
    in_bits += bits(one);
    ++tokens;
  }
  const double nats = in_bits * std::log(2.0);
  std::printf("%-14s %11.2f %6.2f %6.2f\n", "sum", std::exp2(-in_bits), in_bits, nats);
  std::printf("%-14s %11s %6.2f %6.2f\n", "per token", "", in_bits / tokens, nats / tokens);
  std::printf("perplexity 2^%.2f = e^%.2f = %.2f\n", in_bits / tokens, nats / tokens,
              std::exp(nats / tokens));
};

// %% [markdown]
// ## Why a loss has a floor
//
// What follows "the" is a fox half of the time, a dog or an owl a quarter each. Whoever knows that,
// and knows no more, is still surprised: by 1.5 bits on average. Other beliefs cost more.

// %% floor
double expected_bits(const std::vector<double>& truth, const std::vector<double>& belief) {
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) sum += truth[i] * bits(belief[i]);
  return sum;
}

NB_CELL {
  const std::vector<double> truth{0.5, 0.25, 0.25};
  std::printf("%-22s %5s %5s %5s %13s %12s\n", "belief", "fox", "dog", "owl", "bits per draw",
              "above floor");
  struct Belief {
    const char* name;
    std::vector<double> of;
  };
  for (const Belief& belief : {Belief{"the truth", {0.5, 0.25, 0.25}},
                               Belief{"knows nothing", {1 / 3.0, 1 / 3.0, 1 / 3.0}},
                               Belief{"takes the dog for it", {0.25, 0.5, 0.25}},
                               Belief{"is sure of the fox", {0.98, 0.01, 0.01}}}) {
    const double cost = expected_bits(truth, belief.of);
    std::printf("%-22s %5.2f %5.2f %5.2f %13.2f %12.2f\n", belief.name, belief.of[0], belief.of[1],
                belief.of[2], cost, cost - expected_bits(truth, truth));
    NB_CHECK(cost >= 1.5);
  }
  std::vector<double> belief, cost, floor;
  for (int percent = 4; percent <= 98; percent += 2) {
    const double q = percent / 100.0;
    belief.push_back(q);
    cost.push_back(expected_bits({0.75, 0.25}, {q, 1 - q}));
    floor.push_back(expected_bits({0.75, 0.25}, {0.75, 0.25}));
  }
  nb::show_svg("belief",
               nb::lines({.title = "Something comes three times in four: what a belief costs",
                          .x = "believed probability",
                          .y = "bits per draw"},
                         {{"loss", belief, cost}, {"floor", belief, floor}}));
};

// %% [markdown]
// ## Never seen
//
// No dog ever hid. So counting says: impossible, and the surprise is infinite. `NGram` takes a
// little from every count and gives it to what was not counted.

// %% never_seen
NB_CELL {
  NGram model(2, 7, 0);
  std::vector<Ids> texts;  // without the bars: NGram puts them there itself
  for (const Ids& s : kSentences) texts.emplace_back(s.begin() + 1, s.end() - 1);
  model.train(texts);
  const auto p = [&](std::int32_t before, std::int32_t next) {
    return std::exp2(model.log2_probability(Ids{before}, next));
  };
  std::printf("%-14s %8s %8s\n", "", "counted", "smoothed");
  const Matrix<double> counted = bigram();
  double sum = 0;
  for (std::int32_t next = 0; next < 7; ++next) {
    std::printf("dog -> %-7s %8.2f %8.2f\n", kTokens[static_cast<std::size_t>(next)].c_str(),
                counted(3, next), p(3, next));
    sum += p(3, next);
  }
  std::printf("%-14s %8.2f %8.2f\n", "sum", counted.row(3).sum(), sum);
  NB_CHECK(std::abs(sum - 1) <= 1e-12);
};

// %% [markdown]
// ## p - y
//
// A transformer does not count. It gives each token a score, softmax makes probabilities of the
// scores, and the gradient of the loss in a score is p - y: what was believed minus what came.

// %% p_minus_y
NB_CELL {
  Matrix<double> scores(1, 3);
  scores << std::log(2.0), 0, 0;  // so that p = (2, 1, 1) / 4
  const Ids came{1};              // a dog
  Matrix<double> p = scores;
  softmax<double>(p);
  const CrossEntropyResult<double> result = cross_entropy(scores, came);
  Matrix<double> quotients(1, 3);
  for (Index j = 0; j < 3; ++j) {  // move score j both ways: how much does the loss move?
    const double h = 1e-5;
    Matrix<double> above = scores, below = scores;
    above(0, j) += h;
    below(0, j) -= h;
    quotients(0, j) = (cross_entropy_loss(above, came) - cross_entropy_loss(below, came)) / (2 * h);
  }
  nb::print("p", p);
  nb::print("gradient", result.dlogits);
  nb::print("quotients", quotients);
  NB_CHECK((result.dlogits - quotients).cwiseAbs().maxCoeff() <= 1e-9);
};

// %% [markdown]
// ## Learning arrives at counting
//
// A table of scores, all 0, one row for each token. Show it the sixteen pairs, take p - y, step down,
// again and again. Nobody counts anything.

// %% descent
NB_CELL {
  Ids before, next;
  for (const Ids& sentence : kSentences) {
    before.insert(before.end(), sentence.begin(), sentence.end() - 1);
    next.insert(next.end(), sentence.begin() + 1, sentence.end());
  }
  Matrix<double> scores = Matrix<double>::Zero(7, 7);
  std::printf("%-12s", "after \"the\"");
  for (const std::string& token : kTokens) std::printf(" %5s", token.c_str());
  std::printf("   loss in nats\n");
  const auto report = [&](const char* name, const Matrix<double>& row, double loss) {
    std::printf("%-12s", name);
    for (Index j = 0; j < 7; ++j) std::printf(" %5.2f", row(0, j));
    std::printf(" %9.3f\n", loss);
  };
  for (int step = 0; step <= 1000; ++step) {
    Matrix<double> logits(16, 7);
    for (Index i = 0; i < 16; ++i) logits.row(i) = scores.row(before[static_cast<std::size_t>(i)]);
    const CrossEntropyResult<double> result = cross_entropy(std::move(logits), next);
    if (step == 0 || step == 1 || step == 10 || step == 100 || step == 1000) {
      Matrix<double> row = scores.row(1);
      softmax<double>(row);
      report(("step " + std::to_string(step)).c_str(), row, result.loss);
    }
    for (Index i = 0; i < 16; ++i) {
      scores.row(before[static_cast<std::size_t>(i)]) -= 10 * result.dlogits.row(i);
    }
  }
  const Matrix<double> table = bigram();
  double loss = 0;
  for (std::size_t i = 0; i < 16; ++i) loss -= std::log(table(before[i], next[i])) / 16;
  report("counted", table.row(1), loss);
};

// %% [markdown]
// ## A world of small tales
//
// Stories from a grammar, in the format of [data/tales](../data/tales/README.md). The grammar knows
// the probability of every story that it writes, so the floor is known.

// %% world
constexpr const char* kWorld = R"(
list names
  Alder, Aspen, Basil, Biscuit, Bramble, Clover, Cricket, Dusty, Ember, Fern
list animals
  fox, bear, badger, rabbit, mouse, owl, hedgehog, squirrel
list objects
  lantern, scarf, umbrella, boat, rope, flute, bucket, hammer
fact name from names
fact kind from animals
fact object from objects
rule story
  {opening} {trouble} {ending}
rule opening
  Once there was {a} {kind} named {name}, who had {a} {object}.
  {Name} was {a} {kind} with {a} {object}.
  Do you know {name}, the {kind} with the {object}?
rule trouble
  One day the {object} was gone.
  One night {name} left the {object} in the rain.
  One day {name} lent the {object} to a friend.
rule ending
  The {kind} looked for the {object} and found it under a tree.
  And {name} never saw it again.
  In the end {name} the {kind} was happy.
)";

constexpr Index kStories = 8000, kRows = 16, kTime = 48;

struct Tales {
  std::vector<tales::Story> heldout;
  WordTokenizer words;
  std::int32_t end;
  std::vector<Ids> train_ids, heldout_ids;
  std::vector<int> is_name;  // for each token
  double floor_bits;         // of all held-out stories

  static const Tales& get() {
    static const Tales all = make();
    return all;
  }

 private:
  static std::vector<tales::Story> stories(const tales::World& world, tales::Split split,
                                           Index count) {
    Rng rng = tales::stream(1, split);
    std::vector<tales::Story> all;
    for (Index i = 0; i < count; ++i) all.push_back(tales::write(world, split, rng));
    return all;
  }

  static Tales make() {
    const EmbeddedFile file{"small.txt", kWorld};
    const tales::World world = tales::World::parse({&file, 1});
    const std::vector<tales::Story> train = stories(world, tales::Split::train, kStories);
    std::vector<tales::Story> heldout = stories(world, tales::Split::valid, 200);
    std::string text;
    for (const tales::Story& story : train) text += story.text + "\n";
    WordTokenizer words = WordTokenizer::from_text(text);
    std::vector<Ids> train_ids, heldout_ids;
    for (const tales::Story& story : train) train_ids.push_back(words.encode(story.text));
    double floor_bits = 0;
    for (const tales::Story& story : heldout) {
      heldout_ids.push_back(words.encode(story.text));
      floor_bits += story.bits;
    }
    std::vector<int> is_name(static_cast<std::size_t>(words.vocab_size()), 0);
    for (const std::vector<std::string>& row : world.lists[0].rows) {
      for (const std::string& spelled : {row[0], " " + row[0]}) {
        for (const std::int32_t id : words.encode(spelled)) {
          if (words.token_bytes(id) == spelled) is_name[static_cast<std::size_t>(id)] = 1;
        }
      }
    }
    const std::int32_t end = words.end_of_text().value();
    return {std::move(heldout),     std::move(words),   end,       std::move(train_ids),
            std::move(heldout_ids), std::move(is_name), floor_bits};
  }
};

NB_CELL {
  const Tales& tales = Tales::get();
  for (std::size_t i = 0; i < 3; ++i) std::printf("%s\n", tales.heldout[i].text.c_str());
  std::printf("%d tokens in the vocabulary, %d stories to learn from\n",
              static_cast<int>(tales.words.vocab_size()), static_cast<int>(tales.train_ids.size()));
};

// %% [markdown]
// ## What a bigram writes
//
// Each pair of words is one that it has seen. It knows nothing else.

// %% bigram_writes
NGram counted(Index order, std::size_t stories = kStories) {
  const Tales& tales = Tales::get();
  NGram model(order, tales.words.vocab_size(), tales.end);
  model.train(std::span(tales.train_ids).first(stories));
  return model;
}

NB_CELL {
  const Tales& tales = Tales::get();
  const NGram model = counted(2);
  Rng rng(5);
  for (int story = 0; story < 3; ++story) {
    Ids text{tales.end};
    while (text.size() < 40) {
      const std::int32_t next = model.sample(text, rng);
      if (next == tales.end) break;
      text.push_back(next);
    }
    std::printf("%s\n", tales.words.decode(std::span(text).subspan(1)).c_str());
  }
};

// %% [markdown]
// ## The same question to all
//
// A model is anything that reads a text and gives, at each place, a probability to every token. All
// are measured in one way: bits per token on stories that none of them has learned from. And: where
// a name comes that the story has told before, how often is it the likeliest of all names?

// %% ladder
// Reads inputs [T]; returns a row of probabilities for each place. [T, V]
using Model = std::function<Matrix<double>(const Ids& inputs)>;

struct Measure {
  double bits = 0, tokens = 0, right = 0, names = 0;
  double bits_per_token() const { return bits / tokens; }
};

Measure measure(const Model& model, std::span<const Ids> stories) {
  const Tales& tales = Tales::get();
  Measure sum;
  for (const Ids& story : stories) {
    Ids inputs{tales.end}, targets = story;
    inputs.insert(inputs.end(), story.begin(), story.end());
    targets.push_back(tales.end);
    const Matrix<double> p = model(inputs);
    bool told = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto row = static_cast<Index>(i);
      sum.bits += bits(p(row, targets[i]));
      ++sum.tokens;
      told = told || tales.is_name[static_cast<std::size_t>(inputs[i])] != 0;
      if (!told || tales.is_name[static_cast<std::size_t>(targets[i])] == 0) continue;
      bool likeliest = true;
      for (Index id = 0; id < p.cols(); ++id) {
        if (tales.is_name[static_cast<std::size_t>(id)] == 0 || id == targets[i]) continue;
        likeliest = likeliest && p(row, id) < p(row, targets[i]);
      }
      sum.right += likeliest ? 1 : 0;
      ++sum.names;
    }
  }
  return sum;
}

Model ask(const NGram& model) {
  return [&model](const Ids& inputs) {
    const Index vocab = Tales::get().words.vocab_size();
    Matrix<double> p(static_cast<Index>(inputs.size()), vocab);
    for (Index i = 0; i < p.rows(); ++i) {
      const std::span<const std::int32_t> context(inputs.data(), static_cast<std::size_t>(i) + 1);
      for (std::int32_t id = 0; id < vocab; ++id) {
        p(i, id) = std::exp2(model.log2_probability(context, id));
      }
    }
    return p;
  };
}

Model ask(const Decoder<double>& model) {
  return [&model](const Ids& inputs) {
    const Context context{.batch = 1, .time = static_cast<Index>(inputs.size())};
    Matrix<double> p = model.forward(inputs, context, nullptr);
    softmax<double>(p);
    return p;
  };
}

// A transformer of two blocks with two heads, which reads each story once.
Decoder<double> train_transformer() {
  const Tales& tales = Tales::get();
  Config config;
  config.family = Family::llama;
  config.vocab = tales.words.vocab_size();
  config.context = kTime;
  config.layers = 2;
  config.heads = config.kv_heads = 2;
  config.width = 48;
  config.hidden = 96;
  Rng rng(1);
  Decoder<double> model(config, rng);
  const Parameters<double> parameters = model.parameters();
  AdamW<double> adamw(parameters, {0.9, 0.98, 1e-8, 0});
  Batches batches =
      Batches::documents(tales.train_ids, tales.end, {.batch = kRows, .time = kTime, .seed = 1});
  const Index steps = kStories / kRows;
  const LearningRate rate{1e-2, 0, 20, steps, Decay::linear};
  Decoder<double>::Cache cache;
  for (Index step = 0; step < steps; ++step) {
    const Batch batch = batches.next();
    const Context context{.batch = batch.batch, .time = batch.time};
    zero_gradients(parameters);
    const CrossEntropyResult<double> result =
        cross_entropy(model.forward(batch.inputs, context, &cache), batch.targets);
    model.backward(result.dlogits, context, cache);
    clip_gradients(parameters, 1.0);
    adamw.step(parameters, rate(step));
  }
  return model;
}

NB_CELL {
  const Tales& tales = Tales::get();
  std::vector<std::string> names;
  nb::Series series{"bits per token", {}, {}};
  std::printf("%-12s %14s %10s %13s\n", "", "bits per token", "perplexity", "names right");
  double least = 100, tokens = 0;
  const auto tell = [&](const char* name, const Model& model) {
    const Measure m = measure(model, tales.heldout_ids);
    std::printf("%-12s %14.2f %10.1f %12.0f%%\n", name, m.bits_per_token(),
                std::exp2(m.bits_per_token()), 100 * m.right / m.names);
    names.emplace_back(name);
    series.y.push_back(m.bits_per_token());
    least = std::min(least, m.bits_per_token());
    tokens = m.tokens;
  };
  tell("uniform", [&](const Ids& inputs) {
    const Index vocab = tales.words.vocab_size();
    return Matrix<double>::Constant(static_cast<Index>(inputs.size()), vocab,
                                    1.0 / static_cast<double>(vocab));
  });
  const NGram one = counted(1), two = counted(2), three = counted(3), five = counted(5);
  tell("unigram", ask(one));
  tell("bigram", ask(two));
  tell("trigram", ask(three));
  tell("5-gram", ask(five));
  const Decoder<double> transformer = train_transformer();
  tell("transformer", ask(transformer));
  const double floor = tales.floor_bits / tokens;
  std::printf("%-12s %14.2f %10.1f\n", "floor", floor, std::exp2(floor));
  names.emplace_back("floor");
  series.y.push_back(floor);
  NB_CHECK(least >= floor);
  nb::show_svg("ladder", nb::bars({.title = "Bits per token on held-out stories", .x = "", .y = ""},
                                  names, {series}));
};

// %% [markdown]
// ## Better than the floor
//
// A loss below the floor is never a good model. Ways to look better than one is:

// %% below_the_floor
// Remembers beginnings and what followed each: pure counting, with the longest context there is.
Model remember(std::span<const Ids> stories) {
  const Tales& tales = Tales::get();
  std::map<Ids, std::map<std::int32_t, double>> counts;
  for (const Ids& story : stories) {
    Ids beginning{tales.end};
    for (std::size_t i = 0; i <= story.size(); ++i) {
      const std::int32_t next = i < story.size() ? story[i] : tales.end;
      counts[beginning][next] += 1;
      beginning.push_back(next);
    }
  }
  return [counts](const Ids& inputs) {
    Matrix<double> p =
        Matrix<double>::Zero(static_cast<Index>(inputs.size()), Tales::get().words.vocab_size());
    for (Index i = 0; i < p.rows(); ++i) {
      const auto found = counts.find(Ids(inputs.begin(), inputs.begin() + i + 1));
      if (found == counts.end()) continue;
      for (const auto& [next, count] : found->second) p(i, next) = count;
      p.row(i) /= p.row(i).sum();
    }
    return p;
  };
}

NB_CELL {
  const Tales& tales = Tales::get();
  const std::span<const Ids> few = std::span(tales.train_ids).first(150);
  const NGram five = counted(5, few.size());
  std::printf("%-30s %12s %9s\n", "bits per token", "its own text", "held-out");
  const auto tell = [&](const char* name, const Model& model, double factor) {
    const double own = factor * measure(model, few).bits_per_token();
    const double other = factor * measure(model, tales.heldout_ids).bits_per_token();
    if (std::isinf(other)) {
      std::printf("%-30s %12.2f %9s\n", name, own, "infinite");
    } else {
      std::printf("%-30s %12.2f %9.2f\n", name, own, other);
    }
    return other;
  };
  const double floor = tales.floor_bits / measure(ask(five), tales.heldout_ids).tokens;
  std::printf("%-30s %12s %9.2f\n", "floor", "", floor);
  const double honest = tell("5-gram, counted in 150 stories", ask(five), 1);
  tell("  nats that are called bits", ask(five), std::log(2.0));
  const NGram four = counted(4, few.size());
  const double greedy = tell(
      "  probabilities sum to 1.5",
      [&](const Ids& inputs) -> Matrix<double> {
        return (ask(five)(inputs).array() + 0.5 * ask(four)(inputs).array()).matrix();
      },
      1);
  tell("the 150 stories by heart", remember(few), 1);
  NB_CHECK(honest >= floor);
  NB_CHECK(greedy <= floor);
};
