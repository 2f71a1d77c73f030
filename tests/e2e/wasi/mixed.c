// Imports both from WASI and from Cloche's own interface, so it is neither.
__attribute__((import_module("linux"), import_name("getpid"))) int own_getpid(void);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("sched_yield"))) int yield(
    void);
void _start(void) { (void)(own_getpid() + yield()); }
