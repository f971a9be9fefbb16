/// A llama2.c checkpoint (its first format, "version 0"): a Llama in one plain file of floats.
///
///   header    7 int32: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len;
///             a negative vocab_size says that the head is a matrix of its own, at the end
///   floats    token embedding        [vocab, dim]
///             rms_att                [layers, dim]           gains, all layers one after the other
///             wq, wk, wv, wo         [layers, out, in] each
///             rms_ffn                [layers, dim]
///             w1, w2, w3             gate, down, up, all layers of one before the next
///             rms_final              [dim]
///             cosines, sines         [seq_len, head width / 2] each: written, not read
///             classifier             [vocab, dim]            when vocab_size is negative
///
/// There is no first word by which to know it: the sizes must agree with the file's length. Two things
/// it cannot say are always so: epsilon is 1e-5 and the rotary base 10000. Pairs that turn together
/// are neighbours (formats/model_tensors).
///
/// SOURCE  the format of karpathy/llama2.c
/// USES    core, formats/atomic_file, formats/byte_cursor, formats/file_handle, formats/mapped_file
/// USES    formats/model_tensors, formats/tensor_names, model/config
/// ERRORS  std::runtime_error for a file whose sizes are impossible or disagree with its length;
///         std::invalid_argument for a model that the format cannot hold
/// COST    besides the model, the memory of what the system keeps of the file
#pragma once

#include <filesystem>

#include "limpid/core/export.hpp"
#include "limpid/core/parameter.hpp"
#include "limpid/formats/mapped_file.hpp"
#include "limpid/model/config.hpp"

namespace limpid {

inline constexpr Index kLlama2cBegin = 1;  ///< the token that stands before a text, and ends it

class LIMPID_API Llama2cFile {
 public:
  /// Reads and checks the header.
  explicit Llama2cFile(const std::filesystem::path& path);

  const Config& config() const { return config_; }
  /// REQUIRES the parameters of a model of this configuration
  void read_weights(const Parameters<float>& parameters) const;

 private:
  MappedFile file_;
  Config config_;
};

LIMPID_API void write_llama2c(const std::filesystem::path& path, const Config& config,
                              const Parameters<float>& parameters);

}  // namespace limpid
