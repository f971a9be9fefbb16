// Byte-pair encoding on invented words after Zipf's law: bytes per second of training, of encoding with
// a cold and with a warm cache, and of one piece without a border.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "limpid/core/rng.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/piece_counts.hpp"

namespace {

using namespace limpid;

constexpr std::size_t kDistinct = 30'000;  // words

// Word number k with a frequency in proportion to 1 / k: k = distinct^u for a uniform u.
std::string zipf_text(std::size_t bytes) {
  Rng rng(1);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kDistinct; ++i) {
    std::string word;
    for (std::uint64_t syllables = 1 + rng.below(4); syllables > 0; --syllables) {
      word += "bcdfghjklmnprstvw"[rng.below(17)];
      word += "aeiou"[rng.below(5)];
      if (rng.below(3) == 0) word += "nrst"[rng.below(4)];
    }
    words.push_back(word);
  }
  std::string text;
  while (text.size() < bytes) {
    text += words[static_cast<std::size_t>(std::pow(kDistinct, rng.uniform())) - 1];
    text += rng.below(10) == 0 ? ".\n" : rng.below(10) == 0 ? ", " : " ";
  }
  return text;
}

const std::string& text() {
  static const std::string made = zipf_text(1'100'000);
  return made;
}

const BytePairTokenizer& tokenizer() {
  static const BytePairTokenizer trained = train_byte_pair(text(), {.vocab_size = 8192});
  return trained;
}

void set_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void count_pieces(benchmark::State& state) {
  for (auto _ : state) {
    PieceCounts pieces(Pattern::gpt2);
    pieces.add(text());
    benchmark::DoNotOptimize(pieces.size());
  }
  set_bytes(state, text().size());
}

void train(benchmark::State& state) {
  const auto size = static_cast<TokenId>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(train_byte_pair(text(), {.vocab_size = size}).vocab_size());
  }
  set_bytes(state, text().size());
}

void encode_cold(benchmark::State& state) {
  for (auto _ : state) {
    const auto cache = tokenizer().new_cache();
    benchmark::DoNotOptimize(tokenizer().encode(text(), Specials::recognised, cache.get()).data());
  }
  set_bytes(state, text().size());
}

void encode_warm(benchmark::State& state) {
  const auto cache = tokenizer().new_cache();
  for (auto _ : state) {
    benchmark::DoNotOptimize(tokenizer().encode(text(), Specials::recognised, cache.get()).data());
  }
  set_bytes(state, text().size());
}

void encode_one_letter(benchmark::State& state) {
  const std::string letters(1 << 20, 'a');
  const auto trained = train_byte_pair(letters, {.vocab_size = 300, .pattern = Pattern::none});
  for (auto _ : state) benchmark::DoNotOptimize(trained.encode(letters).data());
  set_bytes(state, letters.size());
}

void decode(benchmark::State& state) {
  const std::vector<TokenId> ids = tokenizer().encode(text());
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer().decode(ids).data());
  set_bytes(state, text().size());
}

BENCHMARK(count_pieces)->Unit(benchmark::kMillisecond);
BENCHMARK(train)->Arg(1024)->Arg(8192)->Unit(benchmark::kMillisecond);
BENCHMARK(encode_cold)->Unit(benchmark::kMillisecond);
BENCHMARK(encode_warm)->Unit(benchmark::kMillisecond);
BENCHMARK(encode_one_letter)->Unit(benchmark::kMillisecond);
BENCHMARK(decode)->Unit(benchmark::kMillisecond);

}  // namespace
