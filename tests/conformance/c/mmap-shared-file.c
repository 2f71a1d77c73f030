// Processes that are no relatives in memory share what they map of one file: shm_open, sem_open, a
// file. The other one is this program, executed anew.
//@ link: -pthread
#include <semaphore.h>
#include <sys/mman.h>

#include "case.h"
static char shm_name[64], sem_name[64];

static int other(void) {
  const int fd = (int)MUST(shm_open(shm_name, O_RDWR, 0));
  int* words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  sem_t* sem = sem_open(sem_name, 0);
  if (words == MAP_FAILED || sem == SEM_FAILED) return 1;
  char* file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("f", O_RDWR), 0);
  say("the other sees %d [%s]", words[0], file);
  words[1] = words[0] + 1;
  strcpy(file, "and back");
  sem_post(sem);
  while (__atomic_load_n(&words[2], __ATOMIC_SEQ_CST) == 0) sleep_ms(1);
  words[3] = words[2] * 2;
  return 5;
}
int main(int argc, char** argv) {
  const int parent = argc > 1 ? atoi(argv[1]) : getpid();
  snprintf(shm_name, sizeof shm_name, "/cloche-case-%d", parent);
  snprintf(sem_name, sizeof sem_name, "/cloche-sem-%d", parent);
  if (argc > 1) return other();
  const int fd = (int)MUST(shm_open(shm_name, O_CREAT | O_EXCL | O_RDWR, 0600));
  MUST(ftruncate(fd, 4096));
  int* words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int* again = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  sem_t* sem = sem_open(sem_name, O_CREAT | O_EXCL, 0600, 0);
  if (words == MAP_FAILED || again == MAP_FAILED || sem == SEM_FAILED) return 1;
  put_file("f", "a line of the file");
  MUST(truncate("f", 100));
  const int mapped = open("f", O_RDWR);
  char* file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mapped, 0);
  words[0] = 41;
  strcpy(file, "written in memory");
  const pid_t child = fork();
  if (child == 0) {
    char number[16];
    snprintf(number, sizeof number, "%d", parent);
    execl("/proc/self/exe", "other", number, NULL);
    _exit(99);
  }
  sem_wait(sem);
  say("answer %d [%s]", words[1], file);
  __atomic_store_n(&words[2], 10, __ATOMIC_SEQ_CST);
  reap("other", child);
  say("last %d, in the second mapping %d", words[3], again[3]);
  show("msync", msync(file, 4096, MS_SYNC));
  show_file("f");
  munmap(file, 4096);
  show("unlink", shm_unlink(shm_name));
  show("unlink", sem_unlink(sem_name));
  show("gone", shm_open(shm_name, O_RDWR, 0));
  return 0;
}
