// getopt and getopt_long.
#include <getopt.h>

#include "case.h"
static void parse(int argc, char** argv, const char* options) {
  optind = 1;
  int c;
  while ((c = getopt(argc, argv, options)) != -1)
    if (c == 'b' || c == 'c')
      say("%c [%s] %d", c, optarg, optind);
    else
      say("%c at %d", c, optind);
  say("rest %d", argc - optind);
}
int main(void) {
  char* a[] = {"prog", "-a", "-bvalue", "-c", "arg", "-dx", "--", "-z", NULL};
  parse(8, a, "ab:c:dx");
  char* b[] = {"prog", "-q", "-a", NULL};
  opterr = 0;
  parse(3, b, ":ab:");
  static struct option longs[] = {{"alpha", no_argument, 0, 'a'},
                                  {"beta", required_argument, 0, 'b'},
                                  {"gamma", optional_argument, 0, 'g'},
                                  {0}};
  char* l[] = {"prog",      "--alpha", "--beta=1", "--beta", "2", "--gamma",
               "--gamma=3", "--al",    "rest",     "--bad",  NULL};
  optind = 1;
  int c, index = -1;
  while ((c = getopt_long(10, l, "", longs, &index)) != -1) say("%c [%s]", c, optarg ? optarg : "");
  say("rest %s", l[optind]);
  return 0;
}
