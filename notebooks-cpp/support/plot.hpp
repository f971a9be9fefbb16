// Small pictures as SVG text: lines, bars, histograms and heat maps, for nb::show_svg.
//
//   nb::lines({.title = "Loss", .x = "step", .y = "nats"}, {{"healthy", steps, losses}})
//   nb::bars({.title = "One token"}, {"c0", "c1"}, {{"before", {}, {1, 2}}, {"after", {}, {-1, 1}}})
//   nb::histogram({.title = "Channels"}, {{"before", {}, numbers}}, 30)
//   nb::heat_map({.title = "dx_hat / dx"}, jacobian)
//
// Pictures follow the reader's light or dark theme. Coordinates have one decimal, so a picture is
// the same text on every machine as long as its numbers agree to about three digits.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "limpid/core/matrix.hpp"

namespace nb {

struct Labels {
  std::string title = {}, x = {}, y = {};
  bool log_x = false;  // lines only; every x must be above 0
  bool log_y = false;  // every y must be above 0
};

struct Series {
  std::string name;
  std::vector<double> x = {};  // lines only; empty: 0, 1, 2, ...
  std::vector<double> y = {};
};

// What a heat map prints at its sides and in its cells.
struct HeatMapOptions {
  std::vector<std::string> rows = {}, columns = {};
  int digits = -1;  // numbers in the cells with so many digits; -1: no numbers
};

namespace detail {

inline constexpr int kColours = 5;

inline std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

// With so many decimals.
inline std::string fixed(double number, int decimals) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, number);
  return buffer;
}

// With so many decimals at most; without zeros at the end, and without the sign of a zero.
inline std::string decimal(double number, int decimals) {
  std::string text = fixed(number, decimals);
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

inline std::string tick_text(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", number);
  return std::string(buffer) == "-0" ? "0" : buffer;
}

// 10 with its exponent raised, for logarithmic axes; 0.1, 1 and 10 as they are.
inline std::string power_text(double number) {
  const int exponent = static_cast<int>(std::lround(std::log10(number)));
  if (std::abs(exponent) <= 1) return tick_text(number);
  const char* raised[] = {"\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
                          "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
  std::string out = exponent < 0 ? "10\u207b" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) out += raised[digit - '0'];
  return out;
}

// Data to pixels, along one axis.
struct Scale {
  double low, high, first, last;
  bool log = false;

  double operator()(double number) const {
    const double part = log ? (std::log(number) - std::log(low)) / (std::log(high) - std::log(low))
                            : (number - low) / (high - low);
    return first + part * (last - first);
  }

  // Round numbers: 1, 2 or 5 times a power of ten, or powers of ten alone.
  std::vector<double> ticks(int about) const {
    std::vector<double> out;
    if (log) {
      const int decades = static_cast<int>(std::ceil(std::log10(high / low)));
      const int step = std::max(1, decades / about);
      for (int e = static_cast<int>(std::ceil(std::log10(low) - 1e-9));
           std::pow(10, e) <= high * (1 + 1e-9); e += step) {
        out.push_back(std::pow(10, e));
      }
      return out;
    }
    const double rough = (high - low) / about;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double step = power * (rough / power < 1.5   ? 1
                                 : rough / power < 3.5 ? 2
                                 : rough / power < 7.5 ? 5
                                                       : 10);
    for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) {
      out.push_back(i * step);
    }
    return out;
  }

  // Lets the axis reach from a tick to a tick.
  void widen(int about) {
    if (log) {
      low = std::pow(10, std::floor(std::log10(low) + 1e-9));
      high = std::pow(10, std::ceil(std::log10(high) - 1e-9));
      if (low == high) high *= 10;
      return;
    }
    if (low == high) {
      low -= 0.5;
      high += 0.5;
    }
    const std::vector<double> t = ticks(about);
    const double step = t.size() > 1 ? t[1] - t[0] : 1;
    low = std::floor(low / step + 1e-9) * step;
    high = std::ceil(high / step - 1e-9) * step;
  }
};

class Canvas {
 public:
  Canvas(double width, double height, const std::string& title) {
    const std::string w = decimal(width, 0), h = decimal(height, 0);
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + w + " " + h +
           "\" width=\"" + w + "\" height=\"" + h + "\" role=\"img\" class=\"nb\">\n<title>" +
           escape(title) + "</title>\n" + kStyle;
    out_ += "<rect class=\"nb-page\" width=\"" + w + "\" height=\"" + h + "\"/>\n";
  }

  void line(double x1, double y1, double x2, double y2, const std::string& style) {
    out_ += "<line class=\"" + style + "\" x1=\"" + decimal(x1, 1) + "\" y1=\"" + decimal(y1, 1) +
            "\" x2=\"" + decimal(x2, 1) + "\" y2=\"" + decimal(y2, 1) + "\"/>\n";
  }
  void rect(double x, double y, double width, double height, const std::string& attributes) {
    out_ += "<rect x=\"" + decimal(x, 1) + "\" y=\"" + decimal(y, 1) + "\" width=\"" +
            decimal(width, 1) + "\" height=\"" + decimal(height, 1) + "\" " + attributes + "/>\n";
  }
  void path(const std::string& points, const std::string& style) {
    out_ += "<polyline class=\"" + style + "\" points=\"" + points + "\"/>\n";
  }
  // anchor: start, middle or end
  void text(double x, double y, const std::string& words, const std::string& anchor,
            const std::string& style = "nb-text", bool upright = false) {
    const std::string at = decimal(x, 1) + " " + decimal(y, 1);
    out_ += "<text class=\"" + style + "\" text-anchor=\"" + anchor + "\" ";
    out_ += upright ? "transform=\"translate(" + at + ") rotate(-90)\""
                    : "x=\"" + decimal(x, 1) + "\" y=\"" + decimal(y, 1) + "\"";
    out_ += ">" + escape(words) + "</text>\n";
  }
  std::string finish() const { return out_ + "</svg>\n"; }

 private:
  static constexpr const char* kStyle =
      "<style>\n"
      ".nb-page{fill:#fff}.nb-text{font:12px system-ui,sans-serif;fill:#444}\n"
      ".nb-title{font:600 14px system-ui,sans-serif;fill:#111}.nb-cell{font:11px "
      "system-ui,sans-serif}\n"
      ".nb-grid{stroke:#e6e6e6}.nb-axis{stroke:#888}.nb-line{fill:none;stroke-width:2;stroke-"
      "linejoin:round}\n"
      ".nb-s0{stroke:#2563a8}.nb-s1{stroke:#d9660a}.nb-s2{stroke:#2f8f46}.nb-s3{stroke:#8b3fa8}.nb-"
      "s4{stroke:#777}\n"
      ".nb-f0{fill:#2563a8}.nb-f1{fill:#d9660a}.nb-f2{fill:#2f8f46}.nb-f3{fill:#8b3fa8}.nb-f4{fill:"
      "#777}\n"
      ".nb-see{fill-opacity:.55}.nb-name{font:12px system-ui,sans-serif}\n"
      "@media (prefers-color-scheme:dark){\n"
      ".nb-page{fill:#14171a}.nb-text{fill:#b8bcc0}.nb-title{fill:#f2f2f2}.nb-grid{stroke:#2b2f33}"
      "\n"
      ".nb-s0{stroke:#6fb1f2}.nb-s1{stroke:#ffa35c}.nb-s2{stroke:#74cf8a}.nb-s3{stroke:#d397ec}.nb-"
      "s4{stroke:#aaa}\n"
      ".nb-f0{fill:#6fb1f2}.nb-f1{fill:#ffa35c}.nb-f2{fill:#74cf8a}.nb-f3{fill:#d397ec}.nb-f4{fill:"
      "#aaa}}\n"
      "</style>\n";

  std::string out_;
};

inline std::string colour(const char* kind, std::size_t series) {
  return std::string("nb-") + kind + std::to_string(series % kColours);
}

// The frame that lines, bars and histograms share: title, grid, ticks, labels.
struct Frame {
  static constexpr double kWidth = 640, kHeight = 310;
  Canvas canvas;
  Scale x, y;

  Frame(const Labels& labels, double x_low, double x_high, double y_low, double y_high,
        double right, bool x_ticks)
      : canvas(kWidth, kHeight, labels.title),
        x{x_low, x_high, 62, kWidth - right, labels.log_x},
        y{y_low, y_high, kHeight - 46, 58, labels.log_y} {
    y.widen(5);
    for (const double tick : y.ticks(5)) {
      canvas.line(x.first, y(tick), x.last, y(tick), "nb-grid");
      canvas.text(x.first - 7, y(tick) + 4, y.log ? power_text(tick) : tick_text(tick), "end");
    }
    if (x_ticks) {
      for (const double tick : x.ticks(7)) {
        canvas.line(x(tick), y.first, x(tick), y.first + 4, "nb-axis");
        canvas.text(x(tick), y.first + 18, x.log ? power_text(tick) : tick_text(tick), "middle");
      }
    }
    canvas.text(x.first - 46, 22, labels.title, "start", "nb-title");
    canvas.text((x.first + x.last) / 2, kHeight - 10, labels.x, "middle");
    canvas.text(16, (y.first + y.last) / 2, labels.y, "middle", "nb-text", true);
  }

  void base() {
    const double zero = y.log || y.low > 0 ? y.first : y(std::min(0.0, y.high));
    canvas.line(x.first, zero, x.last, zero, "nb-axis");
  }

  // Names in a row below the title, for pictures whose series have no end to be named at.
  void legend(const std::vector<Series>& series) {
    double at = x.first - 46;
    for (std::size_t s = 0; s < series.size(); ++s) {
      canvas.rect(at, 33, 11, 11, "class=\"" + colour("f", s) + "\"");
      canvas.text(at + 16, 43, series[s].name, "start");
      at += 36 + 6.8 * static_cast<double>(series[s].name.size());
    }
  }
};

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double number) {
    if (!std::isfinite(number)) return;
    low = std::min(low, number);
    high = std::max(high, number);
  }
};

// Blue for negative, white for 0, orange for positive; `part` in [-1, 1].
inline std::array<double, 3> heat_colour(double part) {
  const std::array<double, 3> low{33, 96, 168}, high{214, 96, 16}, none{250, 250, 248};
  const std::array<double, 3>& end = part < 0 ? low : high;
  const double t = std::pow(std::min(1.0, std::abs(part)), 0.8);
  std::array<double, 3> out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = none[i] + t * (end[i] - none[i]);
  return out;
}

}  // namespace detail

// Curves, each named where it ends.
inline std::string lines(const Labels& labels, const std::vector<Series>& series) {
  detail::Range xs, ys;
  std::size_t longest = 0;
  for (const Series& s : series) {
    longest = std::max(longest, s.name.size());
    for (std::size_t i = 0; i < s.y.size(); ++i) {
      xs.add(s.x.empty() ? static_cast<double>(i) : s.x[i]);
      ys.add(s.y[i]);
    }
  }
  detail::Frame frame(labels, xs.low, xs.high, ys.low, ys.high,
                      24 + 6.6 * static_cast<double>(longest), true);
  frame.base();
  struct Name {
    double y;
    std::size_t series;
  };
  std::vector<Name> names;
  for (std::size_t s = 0; s < series.size(); ++s) {
    std::string points;
    double end = 0;
    for (std::size_t i = 0; i < series[s].y.size(); ++i) {
      if (!std::isfinite(series[s].y[i])) continue;
      end = frame.y(series[s].y[i]);
      points += detail::decimal(
                    frame.x(series[s].x.empty() ? static_cast<double>(i) : series[s].x[i]), 1) +
                "," + detail::decimal(end, 1) + " ";
    }
    frame.canvas.path(points, "nb-line " + detail::colour("s", s));
    names.push_back({end, s});
  }
  // Names that would lie on each other move down. Among curves that end together, less than a pixel
  // apart, the order is that of the series: rounding must not decide.
  std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.y < b.y; });
  for (auto first = names.begin(); first != names.end();) {
    auto last = first + 1;
    while (last != names.end() && last->y - (last - 1)->y < 1) ++last;
    std::sort(first, last, [](const Name& a, const Name& b) { return a.series < b.series; });
    first = last;
  }
  double above = -INFINITY;
  for (Name& name : names) {
    name.y = std::max(name.y, above + 15);
    above = name.y;
    frame.canvas.text(frame.x.last + 8, name.y + 4, series[name.series].name, "start",
                      "nb-name " + detail::colour("f", name.series));
  }
  return frame.canvas.finish();
}

// One group of bars for each label, one bar in it for each series.
inline std::string bars(const Labels& labels, const std::vector<std::string>& groups,
                        const std::vector<Series>& series) {
  detail::Range ys;
  ys.add(0);
  for (const Series& s : series) {
    for (const double number : s.y) ys.add(number);
  }
  const auto count = static_cast<double>(groups.size());
  detail::Frame frame(labels, 0, count, ys.low, ys.high, 20, false);
  const double group = (frame.x.last - frame.x.first) / count;
  const double width = std::min(36.0, 0.76 * group / static_cast<double>(series.size()));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const double middle = frame.x(static_cast<double>(g) + 0.5);
    double x = middle - width * static_cast<double>(series.size()) / 2;
    for (std::size_t s = 0; s < series.size(); ++s, x += width) {
      const double from = frame.y(0), to = frame.y(series[s].y[g]);
      frame.canvas.rect(x + 0.5, std::min(from, to), width - 1, std::abs(from - to),
                        "class=\"" + detail::colour("f", s) + "\"");
    }
    frame.canvas.text(middle, frame.y.first + 18, groups[g], "middle");
  }
  frame.base();
  if (series.size() > 1) frame.legend(series);
  return frame.canvas.finish();
}

// How many numbers fall into each of `bins` equal ranges, all series over the same ranges.
inline std::string histogram(const Labels& labels, const std::vector<Series>& series, int bins) {
  detail::Range xs;
  for (const Series& s : series) {
    for (const double number : s.y) xs.add(number);
  }
  detail::Scale axis{xs.low, xs.high, 0, 1};
  axis.widen(7);
  const double width = (axis.high - axis.low) / bins;
  std::vector<std::vector<double>> counts(series.size(),
                                          std::vector<double>(static_cast<std::size_t>(bins)));
  detail::Range ys;
  ys.add(0);
  for (std::size_t s = 0; s < series.size(); ++s) {
    for (const double number : series[s].y) {
      const int bin = std::min(bins - 1, static_cast<int>((number - axis.low) / width));
      if (std::isfinite(number)) ys.add(++counts[s][static_cast<std::size_t>(bin)]);
    }
  }
  detail::Frame frame(labels, axis.low, axis.high, 0, ys.high, 20, true);
  for (std::size_t s = 0; s < series.size(); ++s) {
    for (int bin = 0; bin < bins; ++bin) {
      const double count = counts[s][static_cast<std::size_t>(bin)];
      if (count == 0) continue;
      const double x = frame.x(axis.low + bin * width);
      frame.canvas.rect(x, frame.y(count), frame.x(axis.low + (bin + 1) * width) - x - 0.5,
                        frame.y(0) - frame.y(count),
                        "class=\"" + detail::colour("f", s) + " nb-see\"");
    }
  }
  frame.base();
  if (series.size() > 1) frame.legend(series);
  return frame.canvas.finish();
}

// A matrix as coloured squares: blue below 0, orange above, the strongest colour for max|number|.
template <class Derived>
std::string heat_map(const Labels& labels, const Eigen::MatrixBase<Derived>& matrix,
                     const HeatMapOptions& options = {}) {
  using limpid::Index;
  const limpid::Matrix<double> m = matrix.template cast<double>();
  std::size_t longest = 0;
  for (const std::string& row : options.rows) longest = std::max(longest, row.size());
  const double left = 24 + 7 * static_cast<double>(longest) + (labels.y.empty() ? 0 : 18);
  const double most = options.digits >= 0 ? 48 : 30;
  const double side = std::min(
      {most, (620 - left) / static_cast<double>(m.cols()), 420 / static_cast<double>(m.rows())});
  const double top = options.columns.empty() ? 36 : 56;
  const double width = std::max(left + side * static_cast<double>(m.cols()) + 20,
                                30 + 7.5 * static_cast<double>(labels.title.size()));
  detail::Canvas canvas(width,
                        top + side * static_cast<double>(m.rows()) + (labels.x.empty() ? 14 : 34),
                        labels.title);
  canvas.text(16, 22, labels.title, "start", "nb-title");
  const double strongest = m.size() == 0 ? 0 : m.cwiseAbs().maxCoeff();
  for (Index i = 0; i < m.rows(); ++i) {
    const double y = top + side * static_cast<double>(i);
    if (!options.rows.empty()) {
      canvas.text(left - 6, y + side / 2 + 4, options.rows[static_cast<std::size_t>(i)], "end");
    }
    for (Index j = 0; j < m.cols(); ++j) {
      const double x = left + side * static_cast<double>(j);
      const std::array<double, 3> rgb =
          detail::heat_colour(strongest > 0 ? m(i, j) / strongest : 0);
      canvas.rect(x, y, side - 1, side - 1,
                  "fill=\"rgb(" + detail::decimal(rgb[0], 0) + "," + detail::decimal(rgb[1], 0) +
                      "," + detail::decimal(rgb[2], 0) + ")\"");
      if (options.digits >= 0) {
        const bool dark = 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2] < 140;
        canvas.text(x + side / 2, y + side / 2 + 4, detail::fixed(m(i, j), options.digits),
                    "middle", dark ? "nb-cell nb-paper" : "nb-cell nb-ink");
      }
    }
  }
  for (std::size_t j = 0; j < options.columns.size(); ++j) {
    canvas.text(left + side * (static_cast<double>(j) + 0.5), top - 8, options.columns[j],
                "middle");
  }
  const double bottom = top + side * static_cast<double>(m.rows());
  canvas.text(left + side * static_cast<double>(m.cols()) / 2, bottom + 20, labels.x, "middle");
  canvas.text(20, (top + bottom) / 2, labels.y, "middle", "nb-text", true);
  return canvas.finish();
}

}  // namespace nb
