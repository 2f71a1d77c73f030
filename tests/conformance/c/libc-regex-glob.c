// regcomp/regexec, fnmatch, glob, wordexp-free path matching.
#include <fnmatch.h>
#include <glob.h>
#include <regex.h>

#include "case.h"
static void match(const char* pattern, const char* text, int flags) {
  regex_t r;
  regmatch_t m[4];
  int e = regcomp(&r, pattern, flags);
  if (e) {
    say("%s: does not compile", pattern);
    return;
  }
  if (regexec(&r, text, 4, m, 0) == 0)
    say("%s on %s: %d-%d (%d-%d)", pattern, text, (int)m[0].rm_so, (int)m[0].rm_eo, (int)m[1].rm_so,
        (int)m[1].rm_eo);
  else
    say("%s on %s: no", pattern, text);
  regfree(&r);
}
int main(void) {
  match("b+", "abbbc", REG_EXTENDED);
  match("(a|b)*c", "ababc", REG_EXTENDED);
  match("^x.*z$", "xyz", REG_EXTENDED);
  match("\\(ab\\)\\1", "xababx", 0);
  match("[[:digit:]]{2,3}", "a12345", REG_EXTENDED);
  match("HELLO", "hello", REG_EXTENDED | REG_ICASE);
  match("a.c", "a\nc", REG_EXTENDED | REG_NEWLINE);
  match("(", "x", REG_EXTENDED);
  match("[^a-c]", "abcd", 0);
  match("x*", "aaa", 0);
  match("(^|,)b", "a,b", REG_EXTENDED);
  static const char* tests[][2] = {{"*.c", "a.c"},       {"*.c", ".c"}, {"[!a]*", "abc"},
                                   {"a?c", "abc"},       {"*", "a/b"},  {"\\*", "*"},
                                   {"[[:alpha:]]", "x"}, {"", ""}};
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
    say("fnmatch %s %s: %d %d %d", tests[i][0], tests[i][1],
        fnmatch(tests[i][0], tests[i][1], 0) == 0,
        fnmatch(tests[i][0], tests[i][1], FNM_PATHNAME) == 0,
        fnmatch(tests[i][0], tests[i][1], FNM_PERIOD) == 0);
  mkdir("d", 0755);
  put_file("d/one.c", "");
  put_file("d/two.c", "");
  put_file("d/x.h", "");
  glob_t g;
  show("glob", glob("d/*.c", 0, NULL, &g));
  for (size_t i = 0; i < g.gl_pathc; i++) say("%s", g.gl_pathv[i]);
  globfree(&g);
  show("none", glob("d/*.none", 0, NULL, &g) == GLOB_NOMATCH);
  show("nocheck", glob("*.none", GLOB_NOCHECK, NULL, &g));
  say("%s", g.gl_pathv[0]);
  show("mark", glob("*", GLOB_MARK, NULL, &g));
  say("%s", g.gl_pathv[0]);
  return 0;
}
