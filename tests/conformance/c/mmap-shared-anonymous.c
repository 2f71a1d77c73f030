// MAP_SHARED memory between relatives: words, atomic counters, semaphores, mutexes and conditions
// of processes; parts that go; ends that undo nothing.
//@ link: -pthread
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "case.h"
enum { kChildren = 4, kRounds = 200 };
struct Shared {
  int word, counter, plain, turn;
  sem_t done, gate;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  char text[3 * 4096];
};
static struct Shared* shared;

static void work(int number) {
  for (int i = 0; i < kRounds; i++) {
    __atomic_fetch_add(&shared->counter, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&shared->mutex);
    const int before = shared->plain;
    if (i % 50 == 0) sleep_ms(1);
    shared->plain = before + 1;
    pthread_mutex_unlock(&shared->mutex);
  }
  shared->text[number * 3000] = (char)('a' + number);
  sem_post(&shared->done);
  // Each its turn, the last one first.
  pthread_mutex_lock(&shared->mutex);
  while (shared->turn != number) pthread_cond_wait(&shared->changed, &shared->mutex);
  say("turn of %d", number);
  shared->turn--;
  pthread_cond_broadcast(&shared->changed);
  pthread_mutex_unlock(&shared->mutex);
  _exit(0);
}
static void init(void) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    show("mmap", -1);
    _exit(1);
  }
  MUST(sem_init(&shared->done, 1, 0));
  MUST(sem_init(&shared->gate, 1, 0));
  pthread_mutexattr_t of_mutex;
  pthread_mutexattr_init(&of_mutex);
  pthread_mutexattr_setpshared(&of_mutex, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&shared->mutex, &of_mutex);
  pthread_condattr_t of_condition;
  pthread_condattr_init(&of_condition);
  pthread_condattr_setpshared(&of_condition, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&shared->changed, &of_condition);
  shared->turn = kChildren;
}
int main(void) {
  init();
  shared->word = 1;
  pid_t child = fork();
  if (child == 0) {
    const int seen = shared->word;
    shared->word = 42;
    _exit(seen);
  }
  reap("child saw what the parent wrote", child);
  say("parent sees %d", shared->word);

  pid_t pids[kChildren];
  for (int i = 0; i < kChildren; i++)
    if ((pids[i] = fork()) == 0) work(i);
  for (int i = 0; i < kChildren; i++) sem_wait(&shared->done);
  say("atomic %d locked %d", shared->counter, shared->plain);
  for (int i = 0; i < kChildren; i++) say("text %c", shared->text[i * 3000]);
  pthread_mutex_lock(&shared->mutex);
  shared->turn = kChildren - 1;
  pthread_cond_broadcast(&shared->changed);
  pthread_mutex_unlock(&shared->mutex);
  for (int i = 0; i < kChildren; i++) reap("worker", pids[i]);

  // One that is killed undoes nothing that was written since it last ran.
  child = fork();
  if (child == 0) {
    shared->word = 7;
    sem_post(&shared->done);
    for (;;) sem_wait(&shared->gate);
  }
  sem_wait(&shared->done);
  shared->word++;
  kill(child, SIGKILL);
  reap("waiter", child);
  say("word %d", shared->word);

  // A grandchild and its grandparent; a page that only the child gives back.
  char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  child = fork();
  if (child == 0) {
    munmap(page + 4096, 4096);
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      strcpy(page, "from the grandchild");
      _exit(0);
    }
    reap("grandchild", grandchild);
    _exit(0);
  }
  reap("child", child);
  strcpy(page + 4096, "still here");
  say("%s, %s", page, page + 4096);
  return 0;
}
