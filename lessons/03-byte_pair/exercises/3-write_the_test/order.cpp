// A test for the order in which an encoder joins. It is handed an encoder and says whether it is
// right: yes to ours, no to one that cuts off the longest token that fits. Write it, then:
//
//   ./dev learn byte_pair 3
#include "support/todo.hpp"
#include "trial.hpp"

namespace limpid::lesson {

bool is_right(const Encoder& encode) {
  //> // encode({{"a", "b"}, {"ab", "c"}}, "abcd") is a call on trial; right is {"abc", "d"}. Which
  //> // merges and which piece show the mistake?
  //> static_cast<void>(encode);
  //> todo("the test: true for a right encoder, false for a wrong one");
  const Merges rivals = {{"b", "c"}, {"a", "b"}};
  const Merges chain = {{"b", "c"}, {"a", "b"}, {"a", "bc"}};
  return encode(rivals, "abc") == Tokens{"a", "bc"} &&
         encode(chain, "abcd") == Tokens{"abc", "d"} &&
         encode({{"a", "a"}}, "aaaaa") == Tokens{"aa", "aa", "a"};
  //<
}

}  // namespace limpid::lesson
