#include "limpid/formats/llama2c_checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "limpid/core/check.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/byte_cursor.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/model_tensors.hpp"
#include "limpid/formats/tensor_names.hpp"

namespace limpid {
namespace {

constexpr std::size_t kHeader = 7 * sizeof(std::int32_t);
constexpr double kEpsilon = 1e-5, kRotaryBase = 10000;
constexpr std::int32_t kVersion1 = 0x616b3432;  // "ak42", with which the later formats begin

/// The tensors before the two tables, in the file's order: of each kind all layers.
std::vector<TensorName> names_before_tables(const Config& config) {
  std::vector<TensorName> names{{"embedding.weight", "token_embedding", Part::whole}};
  const auto add = [&](const char* ours, const char* theirs, Part part = Part::whole) {
    for (Index layer = 0; layer < config.layers; ++layer) {
      names.push_back({with_number(ours, layer), fmt::format("{}[{}]", theirs, layer), part});
    }
  };
  add("blocks.N.norm1.gain", "rms_att");
  add("blocks.N.attention.qkv.weight", "wq", Part::queries);
  add("blocks.N.attention.qkv.weight", "wk", Part::keys);
  add("blocks.N.attention.qkv.weight", "wv", Part::values);
  add("blocks.N.attention.out.weight", "wo");
  add("blocks.N.norm2.gain", "rms_ffn");
  add("blocks.N.feed_forward.gate_up.weight", "w1", Part::gate);
  add("blocks.N.feed_forward.down.weight", "w2");
  add("blocks.N.feed_forward.gate_up.weight", "w3", Part::up);
  names.push_back({"final_norm.gain", "rms_final", Part::whole});
  return names;
}

/// Those, and the classifier last.
std::vector<ModelTensor> tensors_of(const Config& config, const Parameters<float>& parameters) {
  std::vector<TensorName> names = names_before_tables(config);
  if (!config.tied) names.push_back({"head.weight", "classifier", Part::whole});
  return model_tensors(names, config, parameters);
}

/// Numbers in the two tables together.
Index table_numbers(const Config& config) {
  return config.context * (config.head_width() / 2) * 2;
}

Config read_header(const MappedFile& file) {
  ByteCursor cursor(file.path(), file.bytes());
  std::array<std::int32_t, 7> header{};
  for (std::int32_t& number : header) number = cursor.take_number<std::int32_t>("the header");
  const auto& [dim, hidden, layers, heads, kv_heads, vocab, length] = header;
  if (dim == kVersion1) {
    fail_file(file.path(), "is a llama2.c checkpoint of version 1 or later, expected version 0");
  }
  Config config;
  config.family = Family::llama;
  config.width = dim;
  config.hidden = hidden;
  config.layers = layers;
  config.heads = heads;
  config.kv_heads = kv_heads;
  config.vocab = std::abs(Index{vocab});
  config.context = length;
  config.norm_epsilon = kEpsilon;
  config.rotary_base = kRotaryBase;
  config.tied = vocab > 0;
  in_file(file.path(), [&] {
    try {
      config.validate();
    } catch (const std::invalid_argument& error) {
      throw std::runtime_error(fmt::format("taken for a llama2.c checkpoint: {}", error.what()));
    }
  });
  const auto expected = static_cast<std::uint64_t>(
      static_cast<Index>(kHeader) +
      static_cast<Index>(sizeof(float)) * (config.parameter_count() + table_numbers(config)));
  if (file.size() != expected) {
    fail_file(file.path(), fmt::format("has {} bytes, expected {} as its header says (taken for a "
                                       "llama2.c checkpoint)",
                                       file.size(), expected));
  }
  return config;
}

void expect_writable(const Config& config) {
  if (config.family != Family::llama) {
    fail("llama2c", fmt::format("the model's family is {}, expected llama: the format has no other",
                                family_name(config.family)));
  }
  if (config.norm_epsilon != kEpsilon) {
    fail("llama2c", fmt::format("norm_epsilon is {}, expected {}: the format cannot say another",
                                config.norm_epsilon, kEpsilon));
  }
  if (config.rotary_base != kRotaryBase) {
    fail("llama2c", fmt::format("rotary_base is {}, expected {}: the format cannot say another",
                                config.rotary_base, kRotaryBase));
  }
}

/// A row of cosines (or sines) for each position.
void write_table(const Config& config, double (*function)(double), const ByteSink& sink) {
  std::vector<float> row(static_cast<std::size_t>(config.head_width() / 2));
  for (Index position = 0; position < config.context; ++position) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double frequency = std::pow(
          kRotaryBase, -2.0 * static_cast<double>(i) / static_cast<double>(config.head_width()));
      row[i] = static_cast<float>(function(static_cast<double>(position) * frequency));
    }
    sink(std::as_bytes(std::span(row)));
  }
}

}  // namespace

Llama2cFile::Llama2cFile(const std::filesystem::path& path)
    : file_(path), config_(read_header(file_)) {}

void Llama2cFile::read_weights(const Parameters<float>& parameters) const {
  std::uint64_t at = kHeader;
  for (const ModelTensor& tensor : tensors_of(config_, parameters)) {
    if (tensor.name == "classifier") {
      at += sizeof(float) * static_cast<std::uint64_t>(table_numbers(config_));
    }
    const std::uint64_t begin = at;
    for (Index row = 0; row < tensor.rows(); ++row) {
      const std::span<float> into = tensor.row(row);
      file_.read_at(at, std::as_writable_bytes(into));
      at += into.size_bytes();
    }
    file_.release(begin, at - begin);
  }
}

void write_llama2c(const std::filesystem::path& path, const Config& config,
                   const Parameters<float>& parameters) {
  expect_writable(config);
  const std::vector<ModelTensor> tensors = tensors_of(config, parameters);
  const std::array<std::int32_t, 7> header{
      static_cast<std::int32_t>(config.width),
      static_cast<std::int32_t>(config.hidden),
      static_cast<std::int32_t>(config.layers),
      static_cast<std::int32_t>(config.heads),
      static_cast<std::int32_t>(config.kv_heads),
      static_cast<std::int32_t>(config.tied ? config.vocab : -config.vocab),
      static_cast<std::int32_t>(config.context)};
  write_file_atomically(path, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span(header)));
    for (const ModelTensor& tensor : tensors) {
      if (tensor.name == "classifier") break;
      for (Index row = 0; row < tensor.rows(); ++row) sink(std::as_bytes(tensor.row(row)));
    }
    write_table(config, std::cos, sink);
    write_table(config, std::sin, sink);
    if (!config.tied) sink(std::as_bytes(tensors.back().numbers));
  });
}

}  // namespace limpid
