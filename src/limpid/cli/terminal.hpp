// What commands print: a progress line that is redrawn, colours where somebody looks, durations.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace limpid::cli {

/// Whether a person reads this stream; the variable NO_COLOR turns colours off.
bool is_terminal(std::FILE* stream);
bool use_colour(std::FILE* stream);

/// Columns of the terminal, 80 where there is none.
int terminal_width();

std::string coloured(std::string_view text, int ansi_colour, bool use);
std::string dim(std::string_view text, bool use);
std::string bold(std::string_view text, bool use);

/// "9 s", "1:05", "1:02:03"
std::string duration(double seconds);
/// "12.3 MB"
std::string bytes_text(double bytes);
/// A share from 0 to 1 as a bar of so many cells, in eighths of a cell, without trailing blanks.
std::string bar_of(double share, int cells);
/// The text broken at spaces so that no line is longer than `width`, each line after `indent`.
std::string wrapped(std::string_view text, int width, std::string_view indent);

/// One line at the bottom that is drawn again and again; other lines go above it. Off a terminal only
/// the other lines are printed.
class ProgressLine {
 public:
  explicit ProgressLine(std::FILE* stream);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `done` and `all` draw the bar, `text` stands beside it.
  void draw(double done, double all, std::string_view text);
  /// Prints lines above the progress line.
  void print(std::string_view text);
  void clear();

 private:
  void write(const std::string& text);

  std::FILE* stream_;
  bool terminal_, drawn_ = false;
};

}  // namespace limpid::cli
