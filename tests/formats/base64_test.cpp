#include "limpid/formats/base64.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

// NO gradient check: bytes have no gradient
// NO accumulation: nothing accumulates

using namespace limpid;

TEST_CASE("by hand: the header's example") {
  CHECK(from_base64("dGhl") == "the");
  CHECK(from_base64("dGg=") == "th");
  CHECK(from_base64("dA==") == "t");
}

TEST_CASE("fixture: the test vectors of RFC 4648, section 10") {
  CHECK(from_base64("Zg==") == "f");
  CHECK(from_base64("Zm8=") == "fo");
  CHECK(from_base64("Zm9v") == "foo");
  CHECK(from_base64("Zm9vYg==") == "foob");
  CHECK(from_base64("Zm9vYmE=") == "fooba");
  CHECK(from_base64("Zm9vYmFy") == "foobar");
}

TEST_CASE("property: each byte has one spelling among all texts of four letters x y = =") {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::set<std::string> bytes;
  int read = 0;
  for (const char x : kLetters) {
    for (const char y : kLetters) {
      const auto byte = from_base64(std::string{x, y, '=', '='});
      if (!byte) continue;
      ++read;
      bytes.insert(*byte);
    }
  }
  CHECK(read == 256);
  CHECK(bytes.size() == 256);
}

TEST_CASE("edges: nothing; the highest and the lowest bytes") {
  CHECK(from_base64("") == "");
  CHECK(from_base64("////") == "\xFF\xFF\xFF");
  CHECK(from_base64("AAAA") == std::string(3, '\0'));
}

TEST_CASE("misuse: lengths, letters, = in the wrong place, bits left over") {
  for (const char* text : {"d", "dG", "dGh", "dGhld", "dG l", "d===", "====", "dA==dGhl", "dA=h",
                           "=Ghl", "dB==", "dGh=", "dGh-", "d\xFFhl", "dGh\n"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text).has_value());
  }
}
