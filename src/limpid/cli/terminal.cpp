#include "limpid/cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace limpid::cli {

bool is_terminal(std::FILE* stream) {
  return isatty(fileno(stream)) != 0;
}

bool use_colour(std::FILE* stream) {
  return is_terminal(stream) && std::getenv("NO_COLOR") == nullptr;
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string coloured(std::string_view text, int ansi_colour, bool use) {
  return use ? fmt::format("\x1b[{}m{}\x1b[0m", ansi_colour, text) : std::string(text);
}
std::string dim(std::string_view text, bool use) {
  return coloured(text, 2, use);
}
std::string bold(std::string_view text, bool use) {
  return coloured(text, 1, use);
}

std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string bytes_text(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.2f} GB", bytes / 1e9);
  if (bytes >= 1e6) return fmt::format("{:.1f} MB", bytes / 1e6);
  return fmt::format("{:.0f} KB", bytes / 1e3);
}

std::string bar_of(double share, int cells) {
  constexpr std::array<const char*, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * cells * 8));
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths[static_cast<std::size_t>(eighths % 8)];
}

std::string wrapped(std::string_view text, int width, std::string_view indent) {
  std::string out(indent);
  std::size_t column = indent.size();
  bool line_start = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (!line_start && column + 1 + word.size() > static_cast<std::size_t>(width)) {
      out += "\n" + std::string(indent);
      column = indent.size();
      line_start = true;
    }
    if (!line_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    line_start = false;
    if (end < text.size() && text[end] == '\n') {
      out += "\n" + std::string(indent);
      column = indent.size();
      line_start = true;
    }
    begin = end + 1;
  }
  return out;
}

ProgressLine::ProgressLine(std::FILE* stream) : stream_(stream), terminal_(is_terminal(stream)) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::draw(double done, double all, std::string_view text) {
  if (!terminal_) return;
  constexpr int kWidth = 12;
  const double share = all > 0 ? std::clamp(done / all, 0.0, 1.0) : 0;
  const auto room = static_cast<std::size_t>(std::max(20, terminal_width() - kWidth - 9));
  write(fmt::format("\r\x1b[2K{:3.0f}% ▕{:{}}▏ {}", share * 100, bar_of(share, kWidth), kWidth,
                    text.substr(0, room)));
  drawn_ = true;
}

void ProgressLine::print(std::string_view text) {
  clear();
  write(fmt::format("{}\n", text));
}

void ProgressLine::clear() {
  if (drawn_) write("\r\x1b[2K");
  drawn_ = false;
}

// A log that cannot be written (a full disk) is no reason to end what it tells of.
void ProgressLine::write(const std::string& text) {
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
}

}  // namespace limpid::cli
