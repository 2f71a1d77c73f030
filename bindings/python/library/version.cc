// Which library this is. The extension module and it are of one build; a wheel that was taken apart
// and mixed with another is refused at import.
extern "C" {
[[gnu::visibility("default")]] extern const char cloche_core_version[];
const char cloche_core_version[] = CLOCHE_VERSION;
}
