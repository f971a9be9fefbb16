// Writing with a key/value cache: models of the shapes of llama2.c's stories15M and stories110M.
//
// A step of one sequence reads every weight once (the embedding as the output's matrix), so its speed is that of the
// memory. Several sequences share the reading. A prompt is read in chunks, at the speed of arithmetic.
#include <benchmark/benchmark.h>

#include "limpid/core/memory.hpp"
#include "limpid/generate/generator.hpp"

#include "work.hpp"

using namespace limpid;

namespace {

Config shape(Index width, Index hidden, Index layers, Index heads) {
  Config config;
  config.family = Family::llama;
  config.vocab = 32000;
  config.width = width;
  config.hidden = hidden;
  config.layers = layers;
  config.heads = config.kv_heads = heads;
  config.context = 1024;
  return config;
}

const Config k15M = shape(288, 768, 6, 6), k110M = shape(768, 2048, 12, 12);

struct Writer {
  Decoder<float> model;
  double weights = 0;  // numbers read in one step

  explicit Writer(const Config& config) : model(make(config)) {
    keep_freed_memory();
    for (const Parameter<float>& parameter : model.parameters()) {
      weights += static_cast<double>(parameter.value.size());
    }
  }
  static Decoder<float> make(const Config& config) {
    Rng rng(1);
    return {config, rng};
  }
};

void decode(benchmark::State& state, const Config& config) {
  const Writer writer(config);
  const Index batch = state.range(0), length = 200;
  const std::vector<std::vector<std::int32_t>> prompts(static_cast<std::size_t>(batch), {1});
  std::vector<Rng> rngs(static_cast<std::size_t>(batch), Rng(1));
  GenerateOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = length;
  for (auto _ : state) generate(writer.model, prompts, options, rngs);
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(batch * length),
                                                  benchmark::Counter::kIsIterationInvariantRate);
  const double steps = static_cast<double>(length);
  bench::count_work(state, {.operations = 2 * writer.weights * static_cast<double>(batch) * steps,
                            .bytes = 4 * writer.weights * steps});
}

void prompt(benchmark::State& state, const Config& config) {
  const Writer writer(config);
  const Index length = 512;
  const std::vector<std::vector<std::int32_t>> prompts{
      std::vector<std::int32_t>(static_cast<std::size_t>(length), 7)};
  std::vector<Rng> rngs(1, Rng(1));
  GenerateOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = 1;
  for (auto _ : state) generate(writer.model, prompts, options, rngs);
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(length),
                                                  benchmark::Counter::kIsIterationInvariantRate);
  // The output's matrix is multiplied once, for the last token; attention's products are left out.
  const double inner = writer.weights - static_cast<double>(config.vocab * config.width);
  bench::count_work(state, {.operations = 2 * inner * static_cast<double>(length)});
}

BENCHMARK_CAPTURE(decode, stories15M, k15M)->Arg(1)->Arg(8)->ArgName("batch")->UseRealTime();
BENCHMARK_CAPTURE(decode, stories110M, k110M)->Arg(1)->Arg(8)->ArgName("batch")->UseRealTime();
BENCHMARK_CAPTURE(prompt, stories15M, k15M)->UseRealTime();
BENCHMARK_CAPTURE(prompt, stories110M, k110M)->UseRealTime();

}  // namespace
