/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket of mmcap trigger, and the names of numbered files. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "control.c"
#include "failure.c"
#include "numbered.c"

static char scratch[64];

static int set_up(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/control_test.XXXXXX");
	assert_non_null(mkdtemp(scratch));
	if (geteuid() == 0) {
		static char dir[80];

		snprintf(dir, sizeof(dir), "%s/mmcap", scratch);
		root_dir = dir;
	}
	setenv("XDG_RUNTIME_DIR", scratch, 1);
	return 0;
}

static int tear_down(void **state)
{
	char line[96];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", scratch);
	return system(line);
}

static void path_of(char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", scratch, name);
}

static void touch(const char *name)
{
	char path[256];
	int fd;

	path_of(path, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static bool there(const char *name)
{
	char path[256];

	path_of(path, name);
	return access(path, F_OK) == 0;
}

static void test_messages(void **state)
{
	struct control_message m = { .size = 0 };
	uint64_t value = 0;
	char big[CONTROL_MAX_MESSAGE];

	(void)state;
	control_put(&m, "file", "a=b c\nd");
	control_put_number(&m, "last", UINT64_MAX);
	control_put(&m, "empty", "");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	control_put(&m, "big", big); /* left out */
	assert_string_equal(control_get(&m, "file"), "a=b c\nd");
	assert_true(control_get_number(&m, "last", &value));
	assert_true(value == UINT64_MAX);
	assert_null(control_get(&m, "fil"));
	assert_null(control_get(&m, "big"));
	assert_false(control_get_number(&m, "file", &value));
	assert_false(control_get_number(&m, "empty", &value));
}

static void test_question_and_answer(void **state)
{
	struct control_message m = { .size = 0 };
	struct mmr_error err = { 0 };
	struct control control;
	struct stat st;
	pid_t pids[4];
	int client;
	int server;

	(void)state;
	assert_int_equal(control_listen(&control, &err), 0);
	assert_int_equal(stat(control.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(control_find(pids, 4), 1);
	assert_int_equal(pids[0], getpid());
	client = control_connect(getpid(), &err);
	assert_true(client >= 0);
	control_put(&m, "output", "/tmp/x y");
	assert_int_equal(control_send(client, &m), 0);
	m.size = 0;
	server = control_accept(&control, &m); /* those of control_find() are passed over */
	assert_true(server >= 0);
	assert_string_equal(control_get(&m, "output"), "/tmp/x y");
	close(server);
	assert_true(control_receive(client, &m, 1000) < 0); /* it ended without an answer */
	close(client);
	assert_int_equal(control_accept(&control, &m), -1);
	control_close(&control);
	assert_int_equal(control_find(pids, 4), 0);
	assert_int_equal(control_connect(getpid(), &err), MMR_E_NOTFOUND);
}

/* A recorder that was killed leaves its socket; the next one removes it, and nobody takes it for alive. */
static void test_stale(void **state)
{
	struct mmr_error err = { 0 };
	struct control control;
	char path[64];
	pid_t pids[4];
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(control_listen(&control, &err) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, NULL, 0), child);
	snprintf(path, sizeof(path), "mmcap/%d.sock", (int)child);
	assert_true(there(path));
	assert_int_equal(control_connect(child, &err), MMR_E_NOTFOUND);
	assert_int_equal(control_listen(&control, &err), 0);
	assert_false(there(path));
	assert_int_equal(control_find(pids, 4), 1);
	control_close(&control);
}

/* In a directory that others may write to a socket could be replaced. */
static void test_foreign_directory(void **state)
{
	struct mmr_error err = { 0 };
	struct control control;
	char path[256];

	(void)state;
	path_of(path, "mmcap");
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(control_listen(&control, &err), MMR_E_PERMISSION);
	assert_int_equal(chmod(path, 0700), 0);
}

static void name_is(const char *path, unsigned int number, const char *wanted)
{
	char name[PATH_MAX];

	assert_int_equal(numbered_name(name, path, number, NULL), 0);
	assert_string_equal(name, wanted);
}

static void test_names(void **state)
{
	static char longest[PATH_MAX + 1];
	static char name[PATH_MAX];
	struct mmr_error err;

	(void)state;
	name_is("trace.zst", 1, "trace.0001.zst");
	name_is("a.b/c.zst", 12345, "a.b/c.12345.zst");
	name_is("/x/trace", 7, "/x/trace.0007");
	name_is(".zst", 7, ".zst.0007");
	memset(longest, 'x', sizeof(longest));
	longest[PATH_MAX] = '\0';
	assert_int_equal(numbered_name(name, longest, 1, &err), MMR_E_LIMIT);
}

static void test_series(void **state)
{
	char path[256];

	(void)state;
	path_of(path, "trace.zst");
	assert_int_equal(numbered_last(path), 0);
	touch("trace.0002.zst");
	touch("trace.0009.zst");
	touch("trace.10000.zst");
	/* None of these belongs to it. */
	touch("trace.zst");
	touch("trace.3.zst");
	touch("trace.00011.zst");
	touch("trace.0003.zst.partial");
	touch("trace.0003.zst.old");
	touch("trace.2024.backup.zst");
	touch("mytrace.0001.zst");
	assert_int_equal(numbered_last(path), 10000);
	assert_int_equal(numbered_bound(path, 3), 0);
	assert_int_equal(numbered_bound(path, 1), 2);
	assert_true(there("trace.10000.zst"));
	assert_true(there("trace.zst"));
	assert_true(there("trace.3.zst"));
	assert_true(there("trace.0003.zst.partial"));
	assert_true(there("mytrace.0001.zst"));
	path_of(path, "none/trace.zst");
	assert_int_equal(numbered_last(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages), cmocka_unit_test(test_question_and_answer),
		cmocka_unit_test(test_stale),    cmocka_unit_test(test_foreign_directory),
		cmocka_unit_test(test_names),    cmocka_unit_test(test_series),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
