/**
 * A shell script that writes a C project of many files into the folder it runs in: FILES=200 FUNCTIONS=100. What it
 * prints hangs on every function of every file.
 */
export const makeCProject = `
set -eu
names() { seq "$FILES"; }
for f in $(names); do
  {
    echo '#include "all.h"'
    for k in $(seq "$FUNCTIONS"); do
      echo "static unsigned long step_$k(unsigned long x, int n) {"
      echo "  unsigned long t[16] = {0};"
      echo "  for (int i = 0; i < n; i++) {"
      echo "    t[i & 15] += x * (i + $k); x ^= t[(i * 7 + $f) & 15] >> (i % 13);"
      echo "    switch (x % 5) { case 0: x += $k; break; case 1: x *= 3; break; case 2: x -= t[5]; break; default: x ^= $f; }"
      echo "  }"
      echo "  return x;"
      echo "}"
    done
    echo "unsigned long part_$f(unsigned long x) {"
    for k in $(seq "$FUNCTIONS"); do echo "  x = step_$k(x, $((k % 7 + 3)));"; done
    echo "  return x;"
    echo "}"
  } >"part_$f.c"
done
for f in $(names); do echo "unsigned long part_$f(unsigned long x);"; done >all.h
{
  echo '#include <stdio.h>'
  echo '#include "all.h"'
  echo 'int main(void) {'
  echo '  unsigned long x = 1;'
  for f in $(names); do echo "  x = part_$f(x);"; done
  echo '  printf("%lu", x);'
  echo '  return 0;'
  echo '}'
} >main.c
cat >Makefile <<'END'
objects := $(patsubst %.c,%.o,$(sort $(wildcard *.c)))
program: $(objects)
	gcc -o $@ $(objects)
%.o: %.c all.h
	gcc -O2 -c -o $@ $<
clean:
	rm -f program $(objects)
END
`;
