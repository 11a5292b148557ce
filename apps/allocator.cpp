/// How jemalloc is set up in our programs; another allocator does not look at it.

extern "C" {
/// Two arenas serve our few threads; what incidents that left memory held is given back within seconds, by a thread of
/// jemalloc's own, since a service that has gone idle allocates nothing that would remind it. Huge pages, where the system gives
/// them to who asks: what an event touches lies all over the memory, and finding 4 KB pages was a tenth of its CPU.
extern const char* malloc_conf;
const char* malloc_conf =
    "background_thread:true,narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,thp:always,metadata_thp:auto";
}
