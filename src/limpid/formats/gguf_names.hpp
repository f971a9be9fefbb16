/// Our parameters' names beside those that GGUF's files give the same numbers. The table in the .cpp is
/// the page to read.
///
/// All products' weights stand as [out, in], as here, in both families. A Llama's queries, keys and
/// values are tensors of their own, GPT-2's are one; a tied head is left out.
///
/// SOURCE  https://github.com/ggml-org/ggml, docs/gguf.md, section "Standardized tensor names"
/// USES    formats/tensor_names, model/config
#pragma once

#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/formats/tensor_names.hpp"
#include "limpid/model/config.hpp"

namespace limpid {

/// All tensors of a model of this configuration, in the order of our parameters.
LIMPID_API std::vector<TensorName> gguf_names(const Config& config);

}  // namespace limpid
