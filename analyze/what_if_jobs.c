/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replays in processes of their own, as many at a time as there is CPU and memory for. Each writes into a copy of the
 * database with the original, so that nobody follows that twice and nobody waits for another's transaction; what it
 * wrote is taken over when it is done. A process dies with its parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database.h"
#include "interruption.h"
#include "terminal.h"
#include "what_if.h"

/* What a process says at its end, through a pipe that is large enough. */
struct outcome {
	int64_t run_id;
	int code;
	char text[256];
};

struct process {
	pid_t pid; /* 0: none */
	int pipe;
	unsigned int job;
};

struct pool {
	struct what_if_batch *batch;
	struct process *processes;
	unsigned int nr_running;
	unsigned int next_job;
	unsigned int nr_done;
	sqlite3 *db;
	struct progress progress;
};

static char *job_path(const struct what_if_batch *batch, unsigned int job)
{
	return sqlite3_mprintf("%s/job-%u.db", batch->directory, job);
}

/* ---- in the process ---- */

static bool copy_file(const char *from, const char *to)
{
	static char buffer[1 << 16];
	FILE *in = fopen(from, "rbe"), *out = fopen(to, "wbe");
	bool good = in && out;
	size_t size;

	while (good && (size = fread(buffer, 1, sizeof(buffer), in)) > 0)
		good = fwrite(buffer, 1, size, out) == size;
	if (in)
		good = !ferror(in) && fclose(in) == 0 && good;
	if (out)
		good = fclose(out) == 0 && good;
	return good;
}

static int replay(const struct what_if_batch *batch, const struct what_if_job *job,
                  const char *path, struct mmr_run_report *report, struct mmr_error *err)
{
	const struct what_if_run *run = &batch->grid->runs[job->run];
	const char *settings[WHAT_IF_MAX_SETTINGS];
	const struct mmr_run_options options = {
		.db_path = path,
		.trace_path = batch->traces[0],
		.policy = run->policy,
		.settings = settings,
		.nr_settings = run->nr_settings,
		.seed = job->seed,
		.interval_ns = batch->interval_ns,
		.force = batch->force,
	};
	const struct mmr_trace_options trace_options = { .keep_bytes = MMR_TRACE_KEEP };
	struct mmr_trace *trace = NULL;
	int code = mmr_trace_open_parts((const char *const *)batch->traces,
	                                (size_t)batch->nr_traces, &trace_options, &trace, err);

	for (unsigned int i = 0; i < run->nr_settings; i++)
		settings[i] = run->settings[i];
	if (code == 0)
		code = mmr_run_replay(trace, &options, report, err);
	mmr_trace_close(trace);
	return code;
}

static _Noreturn void run_job(const struct what_if_batch *batch, unsigned int number, int pipe)
{
	char *path = job_path(batch, number);
	struct mmr_run_report report = { 0 };
	struct mmr_error err = { 0 };
	struct outcome outcome = { 0 };

	if (!path || !copy_file(batch->db_path, path)) {
		outcome.code = MMR_E_IO;
		snprintf(outcome.text, sizeof(outcome.text), "cannot write to %s: %s",
		         batch->directory, strerror(errno));
	} else {
		outcome.code = replay(batch, &batch->jobs[number], path, &report, &err);
		outcome.run_id = report.run_id;
		snprintf(outcome.text, sizeof(outcome.text), "%s", err.text);
	}
	if (write(pipe, &outcome, sizeof(outcome)) != (ssize_t)sizeof(outcome))
		_exit(EXIT_TROUBLE);
	_exit(EXIT_SUCCESS);
}

/* ---- in the parent ---- */

static bool start(struct pool *pool, struct process *process)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		message(pool->batch->tool, "cannot start a replay: %s", strerror(errno));
		return false;
	}
	process->job = pool->next_job;
	process->pid = fork();
	if (process->pid == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_TROUBLE);
		close(ends[0]);
		run_job(pool->batch, process->job, ends[1]);
	}
	close(ends[1]);
	process->pipe = ends[0];
	if (process->pid < 0) {
		message(pool->batch->tool, "cannot start a replay: %s", strerror(errno));
		close(ends[0]);
		process->pid = 0;
		return false;
	}
	pool->next_job++;
	pool->nr_running++;
	return true;
}

static bool take_over(struct pool *pool, struct what_if_job *job, unsigned int number)
{
	char *path = job_path(pool->batch, number);
	bool good =
		path && what_if_merge(pool->batch->tool, pool->db, path, job->run_id, &job->run_id);

	if (path)
		unlink(path);
	sqlite3_free(path);
	return good;
}

/* What a process said. False after a message: nothing else can be done either. */
static bool finish(struct pool *pool, struct process *process, int status)
{
	struct what_if_batch *batch = pool->batch;
	struct what_if_job *job = &batch->jobs[process->job];
	struct outcome outcome = { .code = MMR_E_IO };
	ssize_t size = read(process->pipe, &outcome, sizeof(outcome));

	close(process->pipe);
	process->pid = 0;
	pool->nr_running--;
	pool->nr_done++;
	if (size != (ssize_t)sizeof(outcome)) {
		snprintf(job->error, sizeof(job->error), "the replay died%s%s",
		         WIFSIGNALED(status) ? ": " : "",
		         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "");
		return true;
	}
	if (outcome.code == 0) {
		job->run_id = outcome.run_id;
		return take_over(pool, job, process->job);
	}
	snprintf(job->error, sizeof(job->error), "%s", outcome.text);
	/* A wrong name, or a recording that no replay can be made of, is the same for all. */
	if (outcome.code == MMR_E_NOTFOUND || outcome.code == MMR_E_UNSUPPORTED || job->run == 0) {
		message(batch->tool, "%s", outcome.text);
		return false;
	}
	return true;
}

static void stop_all(struct pool *pool)
{
	for (unsigned int i = 0; i < pool->batch->nr_processes; i++) {
		struct process *process = &pool->processes[i];

		if (process->pid == 0)
			continue;
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(process->pipe);
		process->pid = 0;
	}
}

static struct process *process_of(struct pool *pool, pid_t pid)
{
	for (unsigned int i = 0; i < pool->batch->nr_processes; i++)
		if (pool->processes[i].pid == pid)
			return &pool->processes[i];
	return NULL;
}

static bool run_pool(struct pool *pool)
{
	const struct what_if_batch *batch = pool->batch;

	while (pool->nr_done < batch->nr_jobs) {
		struct process *process;
		int status;
		pid_t pid;

		while (!interruption_came() && pool->next_job < batch->nr_jobs &&
		       (process = process_of(pool, 0)))
			if (!start(pool, process))
				return false;
		pid = interruption_came() ? -1 : waitpid(-1, &status, 0);
		if (interruption_came()) {
			message(batch->tool, "interrupted; nothing was written");
			return false;
		}
		process = pid > 0 ? process_of(pool, pid) : NULL;
		if (process && !finish(pool, process, status))
			return false;
		progress_update(&pool->progress, pool->nr_done, "replays");
	}
	return true;
}

/*
 * Without SA_RESTART, so that waiting ends. A signal that comes between looking and waiting goes to the children, too,
 * if it comes from a terminal; one that does not waits for the next replay to be done.
 */
static void catch_signals(void)
{

	interruption_catch(false);
}

bool what_if_run_all(struct what_if_batch *batch)
{
	struct pool pool = { .batch = batch };
	char *all = sqlite3_mprintf("%s/all.db", batch->directory);
	bool good = false;

	pool.processes = calloc(batch->nr_processes, sizeof(*pool.processes));
	catch_signals();
	if (!all || !pool.processes)
		message(batch->tool, "out of memory");
	else if (!copy_file(batch->db_path, all))
		message(batch->tool, "cannot write to %s: %s", batch->directory, strerror(errno));
	else
		pool.db = database_open(batch->tool, all, true);
	if (pool.db) {
		sqlite3_exec(pool.db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
		progress_begin(&pool.progress, "replaying", batch->nr_jobs, batch->quiet);
		good = run_pool(&pool);
		progress_end(&pool.progress);
		stop_all(&pool);
	}
	sqlite3_close(pool.db);
	if (good && rename(all, batch->db_path) < 0) {
		message(batch->tool, "cannot rename %s: %s", all, strerror(errno));
		good = false;
	}
	free(pool.processes);
	sqlite3_free(all);
	return good;
}
