#include "limpid/model/config.hpp"

#include <fmt/format.h>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

void check_divides(const char* whole, Index value, const char* part, Index divisor) {
  if (value % divisor != 0) {
    fail("config", fmt::format("{} {} is not divisible by {} {}", whole, value, part, divisor));
  }
}

}  // namespace

std::string_view family_name(Family family) {
  return family == Family::gpt2 ? "gpt2" : "llama";
}

Family family_from_name(std::string_view name) {
  if (name == "gpt2") return Family::gpt2;
  if (name == "llama") return Family::llama;
  fail("config", fmt::format("family is '{}', expected gpt2 or llama", name));
}

void Config::validate() const {
  // The upper bounds are far beyond any toy; they keep products of sizes from overflowing.
  check_range("config", "vocab", vocab, 1, 10'000'000);
  check_range("config", "context", context, 1, 10'000'000);
  check_range("config", "layers", layers, 1, 10'000);
  check_range("config", "width", width, 1, 1'000'000);
  check_range("config", "hidden", hidden, 1, 10'000'000);
  check_range("config", "heads", heads, 1, width);
  check_range("config", "kv_heads", kv_heads, 1, heads);
  check_divides("width", width, "heads", heads);
  check_divides("heads", heads, "kv_heads", kv_heads);
  if (family == Family::gpt2 && kv_heads != heads) {
    fail("config", fmt::format("kv_heads is {}, expected {} (heads): the gpt2 family has no "
                               "grouped-query attention",
                               kv_heads, heads));
  }
  if (family == Family::llama && head_width() % 2 != 0) {
    fail("config", fmt::format("width {} / heads {} gives head width {}, expected an even number: "
                               "rotary positions turn pairs",
                               width, heads, head_width()));
  }
  if (!(dropout >= 0 && dropout < 1)) {
    fail("config", fmt::format("dropout is {}, expected 0 or more and less than 1", dropout));
  }
  if (!(norm_epsilon > 0 && norm_epsilon < 1)) {
    fail("config", fmt::format("norm_epsilon is {}, expected between 0 and 1", norm_epsilon));
  }
  if (!(rotary_base > 1 && rotary_base <= 1e12)) {
    fail("config", fmt::format("rotary_base is {}, expected between 1 and 1e12", rotary_base));
  }
}

Index Config::position_count() const {
  return family == Family::gpt2 ? context * width : 0;
}

Index Config::parameter_count() const {
  const Index embedding = vocab * width;
  const Index head = tied ? 0 : embedding;
  const Index kv_width = kv_heads * head_width();
  Index block = 0, final_norm = 0;
  if (family == Family::gpt2) {
    const Index norm = 2 * width;
    const Index attention = 3 * width * width + 3 * width + width * width + width;
    const Index feed_forward = 2 * width * hidden + hidden + width;
    block = 2 * norm + attention + feed_forward;
    final_norm = norm;
  } else {
    const Index attention = 2 * width * width + 2 * width * kv_width;
    const Index feed_forward = 3 * width * hidden;
    block = 2 * width + attention + feed_forward;
    final_norm = width;
  }
  return embedding + position_count() + layers * block + final_norm + head;
}

double Config::training_flops_per_token(Index time) const {
  // Tables that are only looked up multiply nothing: positions, and the embedding unless it is the head too.
  const Index looked_up = position_count() + (tied ? 0 : vocab * width);
  return 6.0 * static_cast<double>(parameter_count() - looked_up) +
         12.0 * static_cast<double>(layers) * static_cast<double>(width) *
             static_cast<double>(time);
}

}  // namespace limpid
