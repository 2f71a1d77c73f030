/* Programs are linked statically; upstream's headers still want these names. */
#define LDSO_ARCH "wasm32"
#define TPOFF_K 0
#define REL_SYMBOLIC 1
#define REL_PLT 2
#define REL_RELATIVE 3
#define REL_DTPMOD 4
#define REL_DTPOFF 5
#define REL_TPOFF 6
#define CRTJMP(pc, sp) __builtin_trap()
