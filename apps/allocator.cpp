/// How jemalloc is set up in our programs; another allocator does not look at it.

extern "C" {
/// Two arenas serve our few threads; what incidents that left memory held is given back within seconds, by a thread of
/// jemalloc's own, since a service that has gone idle allocates nothing that would remind it. No huge pages (`thp:always`):
/// they take a tenth of the CPU off `ingest`, but the kernel fills what was given back again, 60 MB of 220 within a minute and a half.
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
