/// A decoder to run and not to train: its gradients take no memory.
///
/// A decoder holds a gradient beside every number, all zeros before the first backward. Here their
/// pages are given back (core/memory), one block after the other while the model is built: so a model of
/// 500 MB takes 500 MB, and never more than that and one part's gradients. It is a decoder like others:
/// whoever trains it all the same gets its gradients, and their memory, back.
///
/// Its weights mean nothing (random, an untied head zero) until somebody reads others into them.
///
/// USES    core, model/config, model/decoder
/// ERRORS  an impossible config
#pragma once

#include <memory>

#include "limpid/core/export.hpp"
#include "limpid/model/config.hpp"
#include "limpid/model/decoder.hpp"

namespace limpid {

LIMPID_API std::unique_ptr<Decoder<float>> inference_decoder(const Config& config);

}  // namespace limpid
