// String functions at page ends and against simple versions.
#include <strings.h>
#include <sys/mman.h>

#include "case.h"
int main(void) {
  char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned sum = 0;
  for (int length = 0; length < 200; length++) {
    char* s = page + 8192 - length - 1;
    memset(s, 'a' + length % 26, (size_t)length);
    s[length] = 0;
    if (length > 3) s[length / 2] = '!';
    sum = sum * 31 + (unsigned)strlen(s);
    sum = sum * 31 + (unsigned)(strchr(s, '!') ? strchr(s, '!') - s : 999);
    sum = sum * 31 + (unsigned)(memchr(s, 0, (size_t)length + 1) ? 1 : 0);
    sum = sum * 31 + (unsigned)(strrchr(s, 'a') ? strrchr(s, 'a') - s : 777);
    char copy[256];
    strcpy(copy, s);
    sum = sum * 31 + (unsigned)(strcmp(copy, s) == 0) +
          (unsigned)(memcmp(copy, s, (size_t)length) == 0);
    sum = sum * 31 + (unsigned)strnlen(s, 50) + (unsigned)strspn(s, "abc!") +
          (unsigned)strcspn(s, "!");
    for (int shift = 0; shift < 17 && shift < length; shift++) {
      memmove(copy + shift, copy, (size_t)(length - shift));
      sum = sum * 31 + (unsigned char)copy[length / 2];
    }
  }
  say("sum %08x", sum);
  say("%d %d %d", strcmp("a", "b") < 0, strncmp("abcX", "abcY", 3), strcasecmp("HeLLo", "hEllO"));
  say("%s %s", strstr("the needle here", "needle"), strstr("abc", "x") ? "found" : "none");
  say("%s", (char*)memmem("haystack\0x", 10, "k\0x", 3));
  char text[] = "a,b;;c", *rest, *t;
  for (t = strtok_r(text, ",;", &rest); t; t = strtok_r(NULL, ",;", &rest)) say("tok %s", t);
  char sep[] = "x::y", *at = sep;
  while ((t = strsep(&at, ":"))) say("sep [%s]", t);
  char b[16];
  say("%s", strncpy(b, "abc", sizeof b));
  say("%s", strcat(strcpy(b, "one"), "two"));
  say("%s", strncat(b, "three", 2));
  say("%d", strverscmp("file9", "file10") < 0);
  say("%s", strdup("dup"));
  say("%s", strndup("truncated", 5));
  say("%s", stpcpy(b, "end") == b + 3 ? "stpcpy" : "wrong");
  say("%d %d", ffs(8), bcmp("a", "a", 1));
  say("%s", strpbrk("hello world", "ow"));
  memset(b, 0, sizeof b);
  say("%s", (char*)memccpy(b, "stop here", 'p', 9) == b + 4 ? b : "wrong");
  return 0;
}
