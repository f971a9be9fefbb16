// ./limpid trace: follow one prompt through a model, stage by stage, with the file that does each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limpid/cli/commands.hpp"
#include "limpid/cli/model_directory.hpp"
#include "limpid/cli/terminal.hpp"
#include "limpid/cli/trace_steps.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"

namespace limpid::cli {
namespace {

constexpr std::size_t kPageWidth = 80;
constexpr int kBarWidth = 24;
constexpr std::size_t kBars = 8;  // tokens whose weights are drawn

std::string shape(const Matrix<float>& m) {
  return fmt::format("[{}, {}]", m.rows(), m.cols());
}

// Root of the mean square: how large the numbers of the last token's row are.
float size_of(const Matrix<float>& m) {
  return std::sqrt(m.bottomRows(1).squaredNorm() / static_cast<float>(m.cols()));
}

std::string first_numbers(const Matrix<float>& m) {
  std::string text;
  for (Index c = 0; c < std::min<Index>(2, m.cols()); ++c) {
    text += fmt::format("{:6.2f} ", m(m.rows() - 1, c));
  }
  const float size = size_of(m);
  return text + fmt::format(".. size {:.{}f}", size, size < 10 ? 2 : 1);
}

// A token between quotes, with what cannot be seen spelt out.
std::string shown(const Tokenizer& tokenizer, std::int32_t id) {
  std::string text = "\"";
  for (const char c : to_valid_utf8(tokenizer.token_bytes(id))) {
    if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      text += c;
    } else {
      text += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text + "\"";
}

class Page {
 public:
  Page(const LoadedModel& loaded, std::vector<std::int32_t> ids)
      : model_(*loaded.model),
        tokenizer_(*loaded.tokenizer),
        ids_(std::move(ids)),
        trace_(trace_prompt(model_, ids_)),
        colour_(use_colour(stdout)) {}

  void print() const {
    tokens();
    embedding();
    for (std::size_t i = 0; i < trace_.blocks.size(); ++i) block(i);
    head();
  }

 private:
  bool llama() const { return model_.config.family == Family::llama; }
  const char* norm_file() const { return llama() ? "nn/rms_norm.cpp" : "nn/layer_norm.cpp"; }
  std::string last() const { return shown(tokenizer_, ids_.back()); }

  // A line with its source file at the right border.
  void line(const std::string& text, std::string_view source) const {
    const std::size_t width = utf8_width(text);
    if (width + 1 + source.size() <= kPageWidth) {
      const std::size_t gap = kPageWidth - width - source.size();
      fmt::print("{}{}{}\n", text, std::string(gap, ' '), dim(source, colour_));
    } else {
      fmt::print("{}\n{:>{}}\n", text, source, kPageWidth);
    }
  }
  void title(const std::string& text, std::string_view source) const {
    const std::size_t gap = kPageWidth - std::min(kPageWidth - 1, utf8_width(text) + source.size());
    fmt::print("\n{}{}{}\n", bold(text, colour_), std::string(gap, ' '), dim(source, colour_));
  }
  static std::size_t utf8_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
  }

  // Probabilities as bars; 100% is kBarWidth cells.
  void bar(const std::string& label, double share) const {
    const std::size_t pad = 22 - std::min<std::size_t>(22, utf8_width(label));
    fmt::print("    {}{} {:5.1f}%  {}\n", label, std::string(pad, ' '), 100 * share,
               bar_of(share, kBarWidth));
  }

  void tokens() const {
    title(fmt::format("text -> {} tokens", ids_.size()),
          fmt::format("tokenizer/{}.cpp", file_of_tokenizer()));
    fmt::print("  Each token is a piece of text with a number, its id, below {}.\n",
               model_.config.vocab);
    std::string row = " ";
    std::size_t used = 1;
    for (const std::int32_t id : ids_) {
      const std::string item =
          fmt::format(" {} {} ", shown(tokenizer_, id), dim(fmt::to_string(id), colour_));
      const std::size_t width = utf8_width(shown(tokenizer_, id)) + fmt::to_string(id).size() + 3;
      if (used + width > kPageWidth) {
        fmt::print("{}\n", row);
        row = " ";
        used = 1;
      }
      row += item;
      used += width;
    }
    fmt::print("{}\n", row);
  }

  std::string file_of_tokenizer() const {
    const std::string_view kind = tokenizer_.kind();
    if (kind == "bpe") return "byte_pair";
    if (kind == "char") return "character";
    if (kind == "sentencepiece") return "scored_pair";
    return kind == "wordpiece" ? "word_piece" : std::string(kind);
  }

  void embedding() const {
    title("ids -> rows of numbers", "nn/embedding.cpp");
    fmt::print("  Row {} of the table [{}, {}] is what the model knows of {}:\n", ids_.back(),
               model_.config.vocab, model_.config.width, last());
    stage("embedding", trace_.embedding, "nn/embedding.cpp");
    if (model_.positions) {
      stage("+ position", trace_.stream, "nn/learned_position.cpp");
    } else {
      fmt::print("  No position is added: the blocks turn queries and keys instead.\n");
    }
    const std::string note = fmt::format(
        "These rows are the stream; every block reads it and adds to it. Below stand the first "
        "numbers of the last token's row, {}; size is the root of their mean square.",
        last());
    fmt::print("{}\n", wrapped(note, kPageWidth, "  "));
  }

  void stage(std::string_view name, const Matrix<float>& m, std::string_view source) const {
    line(fmt::format("  {:12}{:>11} {}", name, shape(m), first_numbers(m)), source);
  }

  void block(std::size_t i) const {
    const BlockTrace& b = trace_.blocks[i];
    const MultiHeadAttention<float>& attention = model_.blocks[i].attention;
    const Index D = attention.options.head_width, H = attention.options.heads;
    const Index G = attention.options.kv_heads;
    title(fmt::format("block {} of {}", i + 1, trace_.blocks.size()), "model/block.cpp");
    stage("norm", b.norm1, norm_file());
    stage("queries", b.qkv.leftCols(H * D), "nn/linear.cpp");
    stage("keys", b.qkv.middleCols(H * D, G * D), "nn/linear.cpp");
    stage("values", b.qkv.rightCols(G * D), "nn/linear.cpp");
    if (llama()) {
      line(fmt::format("  {:12}{:>11}  queries and keys by {} to {:.2g} radians", "turned", "",
                       ids_.size() - 1,
                       static_cast<double>(ids_.size() - 1) *
                           std::pow(model_.config.rotary_base, 2.0 / static_cast<double>(D) - 1)),
           "nn/rotary.cpp");
    }
    looks(b);
    stage("attention", b.attention, "nn/multi_head_attention.cpp");
    stage("norm", b.norm2, norm_file());
    stage("hidden", b.hidden, "nn/activation.cpp");
    stage("feed-forward", b.feed_forward,
          llama() ? "nn/gated_feed_forward.cpp" : "nn/feed_forward.cpp");
    stage("stream", b.stream, "model/block.cpp");
    const auto likeliest = std::max_element(b.next.begin(), b.next.end());
    fmt::print("  If the model ended here, it would go on with {} ({:.1f}%).\n",
               shown(tokenizer_, static_cast<std::int32_t>(likeliest - b.next.begin())),
               100 * *likeliest);
  }

  void looks(const BlockTrace& b) const {
    const std::size_t head = most_peaked_head(b);
    const Matrix<float>& map = b.looks[head];
    line(fmt::format("  {:12}{:>11}  softmax, {} heads", "weights", shape(map), b.looks.size()),
         "nn/scaled_dot_product_attention.cpp");
    fmt::print("  Head {} looks hardest at one place. From {} it looks at:\n", head + 1, last());
    std::vector<std::size_t> order(ids_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto weight = [&](std::size_t j) { return map(map.rows() - 1, static_cast<Index>(j)); };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t c) { return weight(a) > weight(c); });
    if (order.size() > kBars) order.resize(kBars);
    std::sort(order.begin(), order.end());  // as in the text
    double drawn = 0;
    for (const std::size_t j : order) {
      bar(fmt::format("{:>3} {}", j, shown(tokenizer_, ids_[j])), weight(j));
      drawn += weight(j);
    }
    if (order.size() < ids_.size()) {
      fmt::print("    and {:.1f}% at {} others\n", 100 * std::max(0.0, 1 - drawn),
                 ids_.size() - order.size());
    }
  }

  void head() const {
    title("the last row -> the next token", "model/decoder.cpp");
    stage("norm", trace_.final_norm, norm_file());
    const Matrix<float>& logits = trace_.logits;
    line(fmt::format("  {:12}{:>11}  {:.2f} to {:.2f}, one for each token", "logits", shape(logits),
                     logits.bottomRows(1).minCoeff(), logits.bottomRows(1).maxCoeff()),
         "core/matmul.cpp");
    line("  The softmax of the last row, the ten likeliest:", "generate/sampling.cpp");
    // A model may have more rows than the tokenizer has tokens.
    const auto tokens = static_cast<std::size_t>(tokenizer_.vocab_size());
    std::vector<std::int32_t> order(std::min(tokens, trace_.next.size()));
    std::iota(order.begin(), order.end(), 0);
    const std::size_t count = std::min<std::size_t>(10, order.size());
    const auto chance = [&](std::int32_t id) { return trace_.next[static_cast<std::size_t>(id)]; };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
                      order.end(), [&](std::int32_t a, std::int32_t b) {
                        return chance(a) != chance(b) ? chance(a) > chance(b) : a < b;
                      });
    for (std::size_t i = 0; i < count; ++i) {
      bar(fmt::format("{:>4} {}", order[i], shown(tokenizer_, order[i])), chance(order[i]));
    }
  }

  const Decoder<float>& model_;
  const Tokenizer& tokenizer_;
  std::vector<std::int32_t> ids_;
  Trace trace_;
  bool colour_;
};

void trace(const std::string& path, const std::string& tokenizer, const std::string& text) {
  const LoadedModel loaded = load_model(path, {.tokenizer = tokenizer});
  std::vector<std::int32_t> ids = prompt_ids(loaded, text);
  const Page page(loaded, std::move(ids));
  fmt::print("{}\n", bold(fmt::format("\"{}\" through {}", text, path), use_colour(stdout)));
  page.print();
}

}  // namespace

void add_trace(CLI::App& app) {
  struct Arguments {
    std::string model, tokenizer, text;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(app, "trace", "Follow a prompt through a model, stage by stage",
                                  "limpid trace --model runs/demo \"Once there was a fox\"");
  command->add_option("--model", arguments->model, "Directory or file of a model")->required();
  add_tokenizer_file(*command, arguments->tokenizer);
  command->add_option("TEXT", arguments->text, "The prompt")->required();
  command->callback(
      [arguments] { trace(arguments->model, arguments->tokenizer, arguments->text); });
}

}  // namespace limpid::cli
