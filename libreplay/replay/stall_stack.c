/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two stacks are one if they go through the same functions, whatever the instructions: what people ask
 * is which code waits. So they are told apart by the text of their functions.
 */
#include "stall_stack.h"

#include <stdio.h>
#include <string.h>

/* Functions of C++ may be long; the text of a stack is cut at its outer end. */
#define FRAME_SIZE ((size_t)200)
#define SIDE_SIZE  ((size_t)MMR_STACK_FRAMES * 64)

/* The name of a frame without the place in the function; *file is its file, or NULL. */
static void name_frame(struct mmr_trace *trace, uint32_t tgid, uint64_t address,
                       char text[FRAME_SIZE], const char **file)
{
	struct mmr_symbol symbol;

	*file = NULL;
	if (mmr_trace_symbol(trace, tgid, address, &symbol)) {
		*file = symbol.file;
		if (symbol.function) {
			snprintf(text, FRAME_SIZE, "%s", symbol.function);
			return;
		}
	}
	mmr_trace_format_address(trace, tgid, address, text, FRAME_SIZE);
}

/* "a;b;c", innermost first. */
static void name_side(struct mmr_trace *trace, uint32_t tgid, const uint64_t *addresses,
                      uint32_t count, char text[SIDE_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		char frame[FRAME_SIZE];
		const char *file;

		name_frame(trace, tgid, addresses[i], frame, &file);
		if (used + strlen(frame) + 2 > SIDE_SIZE)
			break;
		used += (size_t)snprintf(text + used, SIDE_SIZE - used, "%s%s", i ? ";" : "",
		                         frame);
	}
}

static void put_frames(struct results_db *db, struct mmr_trace *trace, int64_t id,
                       const struct mmr_stack *stack)
{
	for (uint32_t i = 0; i < stack->nr_kernel + stack->nr_user; i++) {
		bool user = i >= stack->nr_kernel;
		uint32_t depth = user ? i - stack->nr_kernel : i;
		char frame[FRAME_SIZE];
		struct results_stack_frame row = {
			.stack_id = id,
			.side = user ? "user" : "kernel",
			.depth = depth,
			.frame = frame,
		};

		name_frame(trace, user ? stack->tgid : 0,
		           user ? stack->user[depth] : stack->kernel[depth], frame, &row.file);
		results_put_stack_frame(db, &row);
	}
}

/* Libraries that everybody calls and that say nothing of who waits. */
static bool says_little(const char *file)
{
	static const char *const names[] = { "libc.so", "libc-", "ld-linux", "libpthread",
		                             "[vdso]" };
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (!file)
		return true;
	file = slash ? slash + 1 : file;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(file, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The first frame of the program itself; else the first outside the kernel; else where the kernel began. */
static void name_code(struct mmr_trace *trace, const struct mmr_stack *stack,
                      char text[2 * FRAME_SIZE])
{
	char frame[FRAME_SIZE];
	const char *file = NULL;
	uint32_t best = 0;

	text[0] = '\0';
	if (stack->nr_user == 0) {
		if (stack->nr_kernel > 0)
			name_frame(trace, 0, stack->kernel[stack->nr_kernel - 1], text, &file);
		return;
	}
	for (uint32_t i = stack->nr_user; i-- > 0;) {
		name_frame(trace, stack->tgid, stack->user[i], frame, &file);
		if (!says_little(file))
			best = i;
	}
	name_frame(trace, stack->tgid, stack->user[best], frame, &file);
	if (file && strrchr(file, '/'))
		file = strrchr(file, '/') + 1;
	if (file && strncmp(frame, file, strlen(file)) != 0)
		snprintf(text, 2 * FRAME_SIZE, "%s (%.180s)", frame, file);
	else
		snprintf(text, 2 * FRAME_SIZE, "%s", frame);
}

/* FNV-1a. */
static uint64_t hash(uint64_t value, const char *text)
{
	for (; *text; text++)
		value = (value ^ (uint8_t)*text) * 0x100000001b3u;
	return value;
}

int64_t replay_stack_put(struct replay_stacks *stacks, struct mmr_trace *trace,
                         struct results_db *db)
{
	char kernel[SIDE_SIZE];
	char user[SIDE_SIZE];
	char code[2 * FRAME_SIZE];
	struct mmr_stack stack;
	uint64_t value;
	int64_t id;

	if (!mmr_trace_stack(trace, &stack) || stack.nr_kernel + stack.nr_user == 0)
		return 0;
	name_side(trace, 0, stack.kernel, stack.nr_kernel, kernel);
	name_side(trace, stack.tgid, stack.user, stack.nr_user, user);
	name_code(trace, &stack, code);
	value = hash(hash(hash(0xcbf29ce484222325u, kernel) ^ 1, user) ^ 2, code);
	for (size_t i = 0; i < stacks->hashes.count; i++)
		if (stacks->hashes.items[i] == value)
			return (int64_t)i + 1;
	if (replay_hash_vec_push(&stacks->hashes, value) < 0)
		return MMR_E_NOMEM;
	id = (int64_t)stacks->hashes.count;
	results_put_stack(db, id, code, kernel, user);
	put_frames(db, trace, id, &stack);
	return id;
}

void replay_stacks_deinit(struct replay_stacks *stacks)
{
	replay_hash_vec_deinit(&stacks->hashes);
}
