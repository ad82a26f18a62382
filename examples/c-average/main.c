/* Reads numbers up to the end of its input and prints their average. */
#include <stdio.h>

int main(void) {
  double number, sum = 0;
  int count = 0;

  puts("Numbers, please; Ctrl-D ends them.");
  while (scanf("%lf", &number) == 1) {
    sum += number;
    count++;
  }
  if (count == 0) {
    fputs("There were no numbers.\n", stderr);
    return 1;
  }
  printf("The average of %d numbers is %g.\n", count, sum / count);
  return 0;
}
