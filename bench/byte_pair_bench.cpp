// Byte-pair encoding: megabytes per second of counting, training and encoding.
//
//   LIMPID_TEXT   a text file to encode; without it, invented words after Zipf's law
//   LIMPID_GPT2   a folder with GPT-2's encoder.json and vocab.bpe; without it, a vocabulary of our
//                 own with 32,000 tokens
//
// `./dev bench tokenizers` sets both and runs other tokenizers beside these.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/parallel.hpp"
#include "limpid/formats/gpt2_vocabulary.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/tokenizer/batch_encoder.hpp"
#include "limpid/tokenizer/byte_pair_trainer.hpp"
#include "limpid/tokenizer/piece_counts.hpp"
#include "limpid/tokenizer/text_cut.hpp"

#include "work.hpp"
#include "zipf_text.hpp"

namespace {

using namespace limpid;

constexpr std::size_t kMegabyte = 1'000'000;

// A language's worth of text to learn from: 1.1 MB with 30,000 words.
const std::string& small_text() {
  static const std::string made = bench::zipf_text(1'100'000, 30'000);
  return made;
}

// 10 MB or more to encode: the given text as often as that takes.
const std::string& encoded_text() {
  static const std::string text = [] {
    const char* path = std::getenv("LIMPID_TEXT");
    const std::string once =
        path == nullptr ? bench::zipf_text(10 * kMegabyte, 200'000) : read_text_file(path);
    std::string repeated = once;
    while (!once.empty() && repeated.size() < 10 * kMegabyte) repeated += once;
    return repeated;
  }();
  return text;
}

const BytePairTokenizer& tokenizer() {
  static const BytePairTokenizer made = [] {
    const char* folder = std::getenv("LIMPID_GPT2");
    if (folder == nullptr) {
      return train_byte_pair(bench::zipf_text(10 * kMegabyte, 200'000), {.vocab_size = 32'000});
    }
    const std::filesystem::path files(folder);
    return read_gpt2_vocabulary(files / "encoder.json", files / "vocab.bpe", default_specials());
  }();
  return made;
}

void set_bytes(benchmark::State& state, std::size_t bytes, int used = 1) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.SetLabel(fmt::format("{:.1f} MB", static_cast<double>(bytes) / kMegabyte));
  // At least the text must be read; what else a tokenizer does, no peak says.
  bench::count_work(state, {.bytes = static_cast<double>(bytes), .threads = used});
}

// All memory that this process ever held at once, in megabytes.
double peak_memory() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1000;  // ru_maxrss: kilobytes
}

void count_pieces(benchmark::State& state) {
  set_threads(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    PieceCounts pieces(Pattern::gpt2);
    pieces.add(encoded_text());
    benchmark::DoNotOptimize(pieces.size());
  }
  set_bytes(state, encoded_text().size(), threads());
}

void train(benchmark::State& state) {
  set_threads(1);
  const auto size = static_cast<TokenId>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(train_byte_pair(small_text(), {.vocab_size = size}).vocab_size());
  }
  set_bytes(state, small_text().size());
}

// 100 MB with 200,000 distinct words. The peak counts the text itself, too.
void train_large(benchmark::State& state) {
  set_threads(static_cast<int>(state.range(0)));
  const BytePairOptions options{.vocab_size = 32'000};
  const std::string text = bench::zipf_text(100 * kMegabyte, 200'000);
  for (auto _ : state) {
    PieceCounts pieces(options.pattern, options.specials);
    pieces.add(text);
    benchmark::DoNotOptimize(train_byte_pair(pieces, options).vocab_size());
  }
  set_bytes(state, text.size(), threads());
  state.counters["peak_MB"] = peak_memory();
}

void encode_cold(benchmark::State& state) {
  for (auto _ : state) {
    const auto cache = tokenizer().new_cache();
    benchmark::DoNotOptimize(
        tokenizer().encode(encoded_text(), Specials::as_text, cache.get()).data());
  }
  set_bytes(state, encoded_text().size());
}

void encode_warm(benchmark::State& state) {
  const auto cache = tokenizer().new_cache();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        tokenizer().encode(encoded_text(), Specials::as_text, cache.get()).data());
  }
  set_bytes(state, encoded_text().size());
}

// The same text as a batch of documents of some 10 kB.
void encode_batch(benchmark::State& state) {
  set_threads(static_cast<int>(state.range(0)));
  const auto documents = text_parts(encoded_text(), encoded_text().size() / 10'000, Pattern::gpt2);
  BatchEncoder encoder(tokenizer());
  for (auto _ : state) benchmark::DoNotOptimize(encoder.encode(documents).data());
  set_bytes(state, encoded_text().size(), threads());
}

void encode_one_letter(benchmark::State& state) {
  const std::string letters(kMegabyte, 'a');
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer().encode(letters).data());
  set_bytes(state, letters.size());
}

void decode(benchmark::State& state) {
  const std::vector<TokenId> ids = tokenizer().encode(encoded_text());
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer().decode(ids).data());
  set_bytes(state, encoded_text().size());
}

BENCHMARK(count_pieces)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(train)->Arg(1024)->Arg(8192)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(train_large)->Arg(1)->Arg(2)->UseRealTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(encode_cold)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(encode_warm)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(encode_batch)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(encode_one_letter)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(decode)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
