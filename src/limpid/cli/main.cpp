#include <cstdio>

int main() {
  std::puts("limpid");
  return 0;
}
