/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page opened in a headless Chromium and put through a list of checks, over the browser's debugging pipe.
 *
 * usage: browser CHROMIUM PAGE CHECKS.js [FOLDER]
 *
 * CHECKS.js is run in the page, first with the page's own script and then, loaded anew, without any (`scripted` tells which),
 * and leaves an async generator `checks`. What it yields is done by the browser as a person's hands would: { click: [x, y] },
 * { move: [x, y] }, { key: "Enter" }, { window: [width, height] }, { media: { dark, print } }, { wait: milliseconds }, { tree: true }, whose answer is
 * what a screen reader is told, { shot: "name" }, a picture in FOLDER; and { wrong: "text" }, which is printed. So are errors
 * on the console, and requests for anything but the page itself. Exit status: 0 all well, 1 something was wrong, 99 no browser.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 240 /* seconds, for all of it */

struct browser {
	pid_t pid;
	FILE *to, *from;
	int id;
	char *session;
	char *url;
	const char *folder;
	bool loaded;
	unsigned int nr_wrong, nr_checks;
};

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "browser: %s\n", why);
	exit(99);
}

static void wrong(struct browser *browser, const char *what, const char *text)
{
	printf("%s%s\n", what, text ? text : "");
	browser->nr_wrong++;
}

/* ---- the pipe ---- */

static void start(struct browser *browser, const char *program, const char *profile)
{
	int to[2], from[2];
	char data[4096];

	snprintf(data, sizeof(data), "--user-data-dir=%s", profile);
	if (pipe(to) || pipe(from))
		give_up("no pipes");
	browser->pid = fork();
	if (browser->pid < 0)
		give_up("cannot fork");
	if (browser->pid == 0) {
		/* Out of the way first: 3 and 4 may be ends of these pipes. */
		int in = fcntl(to[0], F_DUPFD, 10), out = fcntl(from[1], F_DUPFD, 10);
		int quiet = open("/dev/null", O_WRONLY);

		dup2(in, 3);
		dup2(out, 4);
		dup2(quiet, STDOUT_FILENO);
		dup2(quiet, STDERR_FILENO);
		for (int fd = 5; fd < 64; fd++)
			close(fd);
		execl(program, program, "--headless", "--no-sandbox", "--disable-gpu",
		      "--disable-dev-shm-usage", "--disable-background-networking",
		      "--disable-component-update", "--no-first-run", "--hide-scrollbars",
		      "--remote-debugging-pipe", data, "about:blank", (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	browser->to = fdopen(to[1], "w");
	browser->from = fdopen(from[0], "r");
	if (!browser->to || !browser->from)
		give_up("no streams");
}

static const char *string_at(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* What nobody asked for: the page was loaded, wants something from a network, or complains. */
static void take_event(struct browser *browser, const char *method, json_t *params)
{
	json_t *entry = json_object_get(params, "entry");
	const char *url = string_at(json_object_get(params, "request"), "url");

	if (strcmp(method, "Page.loadEventFired") == 0)
		browser->loaded = true;
	else if (strcmp(method, "Network.requestWillBeSent") == 0) {
		if (strcmp(url, browser->url) != 0 && strncmp(url, "data:", 5) != 0 &&
		    strcmp(url, "about:blank") != 0)
			wrong(browser, "the page asks for ", url);
	} else if (strcmp(method, "Runtime.exceptionThrown") == 0) {
		json_t *details = json_object_get(params, "exceptionDetails");

		wrong(browser, "exception: ",
		      string_at(json_object_get(details, "exception"), "description"));
	} else if (strcmp(method, "Runtime.consoleAPICalled") == 0)
		wrong(browser, "on the console: ", string_at(params, "type"));
	else if (strcmp(method, "Log.entryAdded") == 0 &&
	         (strcmp(string_at(entry, "level"), "error") == 0 ||
	          strcmp(string_at(entry, "level"), "warning") == 0))
		wrong(browser, "logged: ", string_at(entry, "text"));
}

/* Messages end in NUL. */
static json_t *receive(struct browser *browser)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length = getdelim(&text, &room, '\0', browser->from);
	json_t *message = length > 0 ? json_loads(text, 0, NULL) : NULL;

	free(text);
	if (!message)
		give_up("the browser has gone");
	return message;
}

/* Steals params. The result is the caller's. */
static json_t *ask(struct browser *browser, const char *method, json_t *params)
{
	json_t *request = json_pack("{sissso}", "id", ++browser->id, "method", method, "params",
	                            params ? params : json_object());
	char *text;

	if (browser->session)
		json_object_set_new(request, "sessionId", json_string(browser->session));
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text || fwrite(text, 1, strlen(text) + 1, browser->to) != strlen(text) + 1 ||
	    fflush(browser->to))
		give_up("the browser does not listen");
	free(text);
	for (;;) {
		json_t *message = receive(browser);
		json_t *result = json_object_get(message, "result");

		if (json_integer_value(json_object_get(message, "id")) == browser->id) {
			if (!result) {
				fprintf(stderr, "browser: %s: %s\n", method,
				        string_at(json_object_get(message, "error"), "message"));
				exit(99);
			}
			json_incref(result);
			json_decref(message);
			return result;
		}
		take_event(browser, string_at(message, "method"),
		           json_object_get(message, "params"));
		json_decref(message);
	}
}

static void tell(struct browser *browser, const char *method, json_t *params)
{
	json_decref(ask(browser, method, params));
}

/* The value of an expression, the caller's; NULL after saying what went wrong. */
static json_t *evaluate(struct browser *browser, const char *expression)
{
	json_t *result = ask(browser, "Runtime.evaluate",
	                     json_pack("{sssbsb}", "expression", expression, "awaitPromise", 1,
	                               "returnByValue", 1));
	json_t *details = json_object_get(result, "exceptionDetails");
	json_t *value = json_object_get(json_object_get(result, "result"), "value");

	if (details) {
		wrong(browser, "the checks fail: ",
		      string_at(json_object_get(details, "exception"), "description"));
		value = NULL;
	}
	json_incref(value);
	json_decref(result);
	return value;
}

/* ---- what the checks want done ---- */

static void mouse(struct browser *browser, const char *type, json_t *at, int nr_clicks)
{
	double x = json_number_value(json_array_get(at, 0));
	double y = json_number_value(json_array_get(at, 1));

	tell(browser, "Input.dispatchMouseEvent",
	     json_pack("{sssfsfsssi}", "type", type, "x", x, "y", y, "button",
	               nr_clicks ? "left" : "none", "clickCount", nr_clicks));
}

static void press(struct browser *browser, const char *key)
{
	static const struct {
		const char *key, *text;
		int code;
	} keys[] = {
		{ "Enter", "\r", 13 },      { " ", " ", 32 },          { "Tab", NULL, 9 },
		{ "ArrowRight", NULL, 39 }, { "ArrowLeft", NULL, 37 }, { "Escape", NULL, 27 }
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *down;

		if (strcmp(keys[i].key, key) != 0)
			continue;
		down = json_pack("{sssssi}", "type", keys[i].text ? "keyDown" : "rawKeyDown", "key",
		                 key, "windowsVirtualKeyCode", keys[i].code);
		if (keys[i].text)
			json_object_set_new(down, "text", json_string(keys[i].text));
		tell(browser, "Input.dispatchKeyEvent", down);
		tell(browser, "Input.dispatchKeyEvent",
		     json_pack("{sssssi}", "type", "keyUp", "key", key, "windowsVirtualKeyCode",
		               keys[i].code));
		return;
	}
	wrong(browser, "no such key: ", key);
}

static void set_media(struct browser *browser, json_t *media)
{
	tell(browser, "Emulation.setEmulatedMedia",
	     json_pack("{sss[{ssss}]}", "media",
	               json_is_true(json_object_get(media, "print")) ? "print" : "screen",
	               "features", "name", "prefers-color-scheme", "value",
	               json_is_true(json_object_get(media, "dark")) ? "dark" : "light"));
}

static void set_window(struct browser *browser, json_t *size)
{
	tell(browser, "Emulation.setDeviceMetricsOverride",
	     json_pack("{sIsIsisb}", "width", json_integer_value(json_array_get(size, 0)), "height",
	               json_integer_value(json_array_get(size, 1)), "deviceScaleFactor", 1,
	               "mobile", 0));
}

/* [{ role, name }] of what a screen reader finds. */
static json_t *read_tree(struct browser *browser)
{
	json_t *result = ask(browser, "Accessibility.getFullAXTree", NULL), *told = json_array();
	json_t *node;
	size_t i;

	json_array_foreach(json_object_get(result, "nodes"), i, node)
	{
		if (json_is_true(json_object_get(node, "ignored")))
			continue;
		json_array_append_new(
			told,
			json_pack("{ssssss}", "role",
		                  string_at(json_object_get(node, "role"), "value"), "name",
		                  string_at(json_object_get(node, "name"), "value"), "description",
		                  string_at(json_object_get(node, "description"), "value")));
	}
	json_decref(result);
	return told;
}

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void take_shot(struct browser *browser, const char *name)
{
	json_t *result;
	unsigned int bits = 0, nr_bits = 0;
	char path[4096];
	FILE *file;

	if (!browser->folder)
		return;
	result = ask(browser, "Page.captureScreenshot",
	             json_pack("{sssb}", "format", "png", "captureBeyondViewport", 0));
	snprintf(path, sizeof(path), "%s/%s.png", browser->folder, name);
	file = fopen(path, "w");
	if (!file)
		give_up("cannot write a picture");
	for (const char *c = string_at(result, "data"); digit(*c) >= 0; c++) {
		bits = bits << 6 | (unsigned int)digit(*c);
		nr_bits += 6;
		if (nr_bits >= 8)
			putc((int)(bits >> (nr_bits -= 8) & 0xff), file);
	}
	fclose(file);
	json_decref(result);
}

/* What the generator gets for what it yielded; the caller's. */
static json_t *carry_out(struct browser *browser, json_t *wish)
{
	json_t *value;

	if ((value = json_object_get(wish, "wrong")))
		wrong(browser, json_string_value(value), NULL);
	else if ((value = json_object_get(wish, "checked")))
		browser->nr_checks += (unsigned int)json_integer_value(value);
	else if ((value = json_object_get(wish, "click"))) {
		mouse(browser, "mouseMoved", value, 0);
		mouse(browser, "mousePressed", value, 1);
		mouse(browser, "mouseReleased", value, 1);
	} else if ((value = json_object_get(wish, "move")))
		mouse(browser, "mouseMoved", value, 0);
	else if ((value = json_object_get(wish, "key")))
		press(browser, json_string_value(value));
	else if ((value = json_object_get(wish, "window")))
		set_window(browser, value);
	else if ((value = json_object_get(wish, "media")))
		set_media(browser, value);
	else if ((value = json_object_get(wish, "shot")))
		take_shot(browser, json_string_value(value));
	else if ((value = json_object_get(wish, "wait")))
		usleep((useconds_t)json_integer_value(value) * 1000);
	else if (json_object_get(wish, "tree"))
		return read_tree(browser);
	else
		wrong(browser, "the checks want something unknown", NULL);
	return json_true();
}

static void run_checks(struct browser *browser)
{
	json_t *answer = json_true();

	for (;;) {
		char *text = json_dumps(answer, JSON_COMPACT | JSON_ENCODE_ANY), *expression = NULL;
		json_t *next, *wish;

		json_decref(answer);
		if (!text || asprintf(&expression, "checks.next(%s)", text) < 0)
			give_up("out of memory");
		next = evaluate(browser, expression);
		free(expression);
		free(text);
		wish = json_object_get(next, "value");
		if (!wish) {
			json_decref(next);
			return;
		}
		answer = carry_out(browser, wish);
		json_decref(next);
	}
}

/* ---- a page, with and without its script ---- */

static char *read_file(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	FILE *file = fopen(path, "r");

	if (!file || getdelim(&text, &room, '\0', file) < 0)
		give_up("cannot read the checks");
	fclose(file);
	return text;
}

static void visit(struct browser *browser, const char *checks, bool scripted)
{
	char *text = NULL;

	tell(browser, "Emulation.setScriptExecutionDisabled",
	     json_pack("{sb}", "value", !scripted));
	browser->loaded = false;
	tell(browser, "Page.navigate", json_pack("{ss}", "url", browser->url));
	while (!browser->loaded) {
		json_t *message = receive(browser);

		take_event(browser, string_at(message, "method"),
		           json_object_get(message, "params"));
		json_decref(message);
	}
	if (asprintf(&text, "globalThis.scripted = %s;\n%s\nundefined", scripted ? "true" : "false",
	             checks) < 0)
		give_up("out of memory");
	json_decref(evaluate(browser, text));
	free(text);
	run_checks(browser);
}

static void attach(struct browser *browser)
{
	static const char *const domains[] = { "Page.enable", "Runtime.enable", "Log.enable",
		                               "Network.enable", "Accessibility.enable" };
	json_t *target =
		ask(browser, "Target.createTarget", json_pack("{ss}", "url", "about:blank"));
	json_t *session =
		ask(browser, "Target.attachToTarget",
	            json_pack("{sssb}", "targetId", string_at(target, "targetId"), "flatten", 1));

	browser->session = strdup(string_at(session, "sessionId"));
	json_decref(session);
	json_decref(target);
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		tell(browser, domains[i], NULL);
}

int main(int argc, char **argv)
{
	struct browser browser = { .folder = argc > 4 ? argv[4] : NULL };
	char profile[] = "/tmp/browser.XXXXXX", remove[64], *path, *checks;

	if (argc < 4)
		give_up("usage: browser CHROMIUM PAGE CHECKS.js [FOLDER]");
	path = realpath(argv[2], NULL);
	checks = read_file(argv[3]);
	if (!path || asprintf(&browser.url, "file://%s", path) < 0 || !mkdtemp(profile))
		give_up("cannot open the page");
	signal(SIGPIPE, SIG_IGN);
	alarm(PATIENCE);
	start(&browser, argv[1], profile);
	attach(&browser);
	visit(&browser, checks, true);
	visit(&browser, checks, false);
	free(browser.session);
	browser.session = NULL;
	tell(&browser, "Browser.close", NULL);
	waitpid(browser.pid, NULL, 0);
	snprintf(remove, sizeof(remove), "rm -rf '%s'", profile);
	if (system(remove) != 0)
		fprintf(stderr, "browser: %s is left behind\n", profile);
	printf("%u checks, %u wrong\n", browser.nr_checks, browser.nr_wrong);
	free(browser.url);
	free(checks);
	free(path);
	fclose(browser.to);
	fclose(browser.from);
	return browser.nr_wrong || !browser.nr_checks;
}
