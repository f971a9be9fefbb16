// Multiplies with Eigen, takes a matrix that the library made, and frees it: all three go wrong when the
// library and its user disagree about the instruction set or about the alignment of Eigen's memory.
#include <limpid/core/matmul.hpp>
#include <limpid/core/rng.hpp>
#include <limpid/model/decoder.hpp>

#include <cmath>
#include <cstdio>

int main() {
  const limpid::Matrix<float> a = limpid::Matrix<float>::Random(33, 17);
  const limpid::Matrix<float> b = limpid::Matrix<float>::Random(17, 29);
  for (int i = 0; i < 100; ++i) {
    const limpid::Matrix<float> ours = limpid::matmul<float>(a, b);  // made there, freed here
    const limpid::Matrix<float> eigens = a * b;
    if (!((ours - eigens).cwiseAbs().maxCoeff() <= 1e-5F)) return 1;
  }
  limpid::Config config;
  config.vocab = 5;
  config.layers = 1;
  config.width = 8;
  config.hidden = 16;
  config.heads = config.kv_heads = 2;
  limpid::Rng rng(1);
  const limpid::Decoder<float> model(config, rng);
  limpid::Matrix<float> logits = model.forward(std::vector<std::int32_t>{1, 2, 3}, {1, 3}, nullptr);
  logits.conservativeResize(6, 5);  // reallocates the library's memory with the consumer's Eigen
  if (!std::isfinite(logits.topRows(3).sum())) return 1;
  std::puts("consumer: ok");
  return 0;
}
