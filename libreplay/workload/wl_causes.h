/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of --explain: X(name, section, text). Sections stand together, in the order of output. */
#ifndef WORKLOAD_WL_CAUSES_H
#define WORKLOAD_WL_CAUSES_H

/* clang-format off */
#define WL_CAUSE_MAP(X) \
	X(ANON, ALLOC, "anonymous pages, named by their fault") \
	X(HUGE, ALLOC, "huge pages, named by their fault") \
	X(SWAPIN, ALLOC, "anonymous pages read back from swap") \
	X(COW, ALLOC, "copies on write") \
	X(POPULATE, ALLOC, "anonymous pages, named by mlock, MAP_POPULATE or madvise") \
	X(FILE, ALLOC, "page-cache pages, named by mm_filemap_add_to_page_cache") \
	X(FILE_UNNAMED, ALLOC, "page-cache pages added unseen (the recorder's own), named when they go") \
	X(SHMEM_FAULT, ALLOC, "tmpfs and shared pages, named by their fault") \
	X(SHMEM, ALLOC, "tmpfs and shared pages, no event says which") \
	X(EXEC, ALLOC, "arguments of exec, by their place on the new stack") \
	X(ANON_UNNAMED, ALLOC, "anonymous pages whose fault was not seen (ptrace, pinning, the recorder's own)") \
	X(SWAPAHEAD, ALLOC, "swap readahead, no event says which page") \
	X(PAGE_TABLE, ALLOC, "page tables") \
	X(KERNEL, ALLOC, "other kernel memory") \
	X(MOVABLE_UNNAMED, ALLOC, "movable pages that never reach the LRU") \
	X(RECLAIM, ALLOC, "kernel memory, within reclaim") \
	X(COMPACTION, ALLOC, "dropped: within compaction and migration") \
	X(KHUGEPAGED, ALLOC, "dropped: khugepaged") \
	X(FAILED, ALLOC, "failed") \
	X(OUTSIDE, ALLOC, "outside every zone of the header") \
	X(BEFORE, ALLOC, "before the first snapshot's end") \
	X(ANON, FREE, "anonymous pages: exit, munmap, madvise") \
	X(FILE, FREE, "page-cache pages: truncation, invalidation") \
	X(SHMEM, FREE, "tmpfs and shared pages") \
	X(KERNEL, FREE, "kernel memory") \
	X(SHRINKER, FREE, "kernel memory freed by shrinkers") \
	X(PART, FREE, "part of a kernel allocation") \
	X(UNCHARGED, FREE, "huge pages that a memory cgroup refused") \
	X(RECLAIM_ANON, FREE, "dropped: anonymous pages reclaimed") \
	X(RECLAIM_FILE, FREE, "dropped: page-cache pages reclaimed") \
	X(MIGRATED, FREE, "dropped: the page had moved, its old place") \
	X(KHUGEPAGED, FREE, "dropped: khugepaged") \
	X(KSMD, FREE, "dropped: pages that ksmd merged with others") \
	X(ENDOGENOUS, FREE, "dropped: memory that compaction had allocated") \
	X(UNUSED_TARGET, FREE, "not attributed: compaction gives back a free page it had taken") \
	X(MOVED_UNSEEN, FREE, "not attributed: a page compaction may have moved here without an event") \
	X(BULK, FREE, "kernel memory of the bulk allocator, which has no event: free, and freed again") \
	X(BEFORE, FREE, "not attributed: allocated before the trace began") \
	X(OUTSIDE, FREE, "outside every zone of the header") \
	X(NEW, FAULT, "an anonymous page comes to life") \
	X(SWAPIN, FAULT, "a page was in swap: read back") \
	X(COW, FAULT, "a shared page is copied") \
	X(FILE, FAULT, "a file's page") \
	X(SHMEM, FAULT, "a page of tmpfs or shared memory comes to life") \
	X(ACCESS, FAULT, "a known page that was in memory") \
	X(NONE, FAULT, "no allocation, no known page (file mapped around, zero page, before the trace)") \
	X(ANON, FIRST, "named: anonymous, by address") \
	X(FILE, FIRST, "named: page cache, by file and index") \
	X(SHMEM, FIRST, "named: tmpfs or shared, by address") \
	X(POPULATE, FIRST, "named: mlock, MAP_POPULATE or madvise, by address") \
	X(EXEC, FIRST, "named: arguments of exec, by their place on the new stack") \
	X(LATE_SHMEM, FIRST, "not of the fault: tmpfs or shared, written by a system call") \
	X(LATE_FILE, FIRST, "not of the fault: page cache, added unseen") \
	X(LATE_ANON, FIRST, "not of the fault: anonymous (ptrace, pinning)") \
	X(SWAPAHEAD, FIRST, "not named: swap readahead") \
	X(KERNEL, FIRST, "not named: movable, never reaches the LRU") \
	X(AGREE, MIGRATION, "agree") \
	X(DIFFER, MIGRATION, "differ") \
	X(BEFORE, MIGRATION, "anonymous pages older than the trace, or without a fault in it") \
	X(STACK, MIGRATION, "arguments of exec: now the address is known") \
	X(UNKNOWN_ANON, MIGRATION, "anonymous pages without a known address") \
	X(FILE, MIGRATION, "page-cache pages and shared memory (known by file, not by address)") \
	X(UNKNOWN, MIGRATION, "pages that are not known") \
	X(ADD, FILE, "pages added") \
	X(ADD_UNSEEN, FILE, "pages added whose allocation was not seen") \
	X(READ, FILE, "pages read (mm_filemap_get_pages)") \
	X(FAULT, FILE, "pages accessed through a mapping") \
	X(DELETE, FILE, "pages deleted: truncation, invalidation") \
	X(RECLAIM, FILE, "dropped: pages deleted by reclaim") \
	X(DELETE_UNSEEN, FILE, "pages deleted that were not known") \
	X(DIRTY, FILE, "pages dirtied") \
	X(UNMAP, VMA, "ranges unmapped (munmap, brk, mmap over them)") \
	X(MOVE, VMA, "ranges moved (mremap)") \
	X(DISCARD, VMA, "ranges discarded (madvise)") \
	X(COLD, VMA, "ranges called cold, or to be paged out (madvise)") \
	X(WANTED, VMA, "wanted back from swap (MADV_WILLNEED)") \
	X(LOCK, VMA, "ranges locked or unlocked") \
	X(FORK, VMA, "address spaces copied by fork") \
	X(EXEC, VMA, "address spaces replaced by exec") \
	X(EXIT, VMA, "address spaces ended by exit") \
	X(SWAPPED_FREED, VMA, "pages freed while in swap (exit, munmap, madvise)") \
	X(RESIDENT, OP, "pages in memory at the start") \
	X(TOUCH, OP, "touches") \
	X(REFAULT, OP, "of these, of pages that the original had out") \
	X(KERNEL, OP, "kernel allocations") \
	X(FAULT, OP, "faults on pages that were there") \
	X(FREE, OP, "frees") \
	X(ACCESS, OP, "sampled accesses") \
	X(OTHER, OP, "others")
/* clang-format on */

#endif
