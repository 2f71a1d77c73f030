// qsort, bsearch, hash and tree searches, random.
#include <search.h>

#include "case.h"
static int compare(const void* a, const void* b) {
  return (*(const int*)a > *(const int*)b) - (*(const int*)a < *(const int*)b);
}
static int order = 0;
static void walk(const void* node, VISIT v, int depth) {
  if (v == postorder || v == leaf) order = order * 31 + **(int**)node;
}
int main(void) {
  enum { kMany = 20000 };
  static int a[kMany];
  unsigned x = 1;
  for (int i = 0; i < kMany; i++) a[i] = (int)((x = x * 1103515245 + 12345) >> 4);
  qsort(a, kMany, sizeof *a, compare);
  int wrong = 0;
  for (int i = 1; i < kMany; i++) wrong += a[i - 1] > a[i];
  say("wrong %d", wrong);
  int key = a[777];
  int* found = bsearch(&key, a, kMany, sizeof *a, compare);
  say("bsearch %d", *found == key);
  key = -5;
  say("bsearch none %d", bsearch(&key, a, kMany, sizeof *a, compare) == NULL);
  void* tree = NULL;
  static int values[] = {5, 3, 8, 1, 4, 9};
  for (int i = 0; i < 6; i++) tsearch(&values[i], &tree, compare);
  twalk(tree, walk);
  say("tree %d find %d", order, tfind(&values[2], &tree, compare) != NULL);
  hcreate(10);
  ENTRY e = {"key", "value"};
  hsearch(e, ENTER);
  say("hash %s", (char*)hsearch((ENTRY){"key", NULL}, FIND)->data);
  srand(1);
  int r = rand();
  srand(1);
  say("rand repeats %d", rand() == r);
  say("rand_r %d", rand_r(&x) >= 0);
  say("%d %d %ld", abs(-3), div(7, 2).quot, labs(-9L));
  return 0;
}
