/* SPDX-License-Identifier: GPL-2.0-or-later */
#define NCURSES_WIDECHAR 1
#include "top_screen.h"

#ifdef HAVE_NCURSES
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "failure.h"
#include "terminal.h"

static struct {
	SCREEN *terminal;     /* NULL: closed */
	struct termios modes; /* as they were before */
	chtype looks[TOP_NR_ATTRS];
} screen;

/* Without colour the attributes that every terminal has must do. */
static void choose_looks(void)
{
	static const struct {
		enum top_attr attr;
		short colour;
	} colours[] = { { TOP_GOOD, COLOR_GREEN },
		        { TOP_WARN, COLOR_YELLOW },
		        { TOP_BAD, COLOR_RED } };

	screen.looks[TOP_PLAIN] = A_NORMAL;
	screen.looks[TOP_DIM] = A_NORMAL;
	screen.looks[TOP_BOLD] = A_BOLD;
	screen.looks[TOP_TITLE] = A_REVERSE;
	screen.looks[TOP_GOOD] = A_NORMAL;
	screen.looks[TOP_WARN] = A_BOLD;
	screen.looks[TOP_BAD] = A_BOLD;
	if (!terminal_colour(stdout) || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	screen.looks[TOP_DIM] = A_DIM;
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
		init_pair((short)(i + 1), colours[i].colour, -1);
		screen.looks[colours[i].attr] |= (chtype)COLOR_PAIR((int)i + 1);
	}
}

int top_screen_open(struct mmr_error *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return failure(err, MMR_E_UNSUPPORTED,
		               "this is no terminal; --batch N prints N pictures, --json objects");
	tcgetattr(STDIN_FILENO, &screen.modes);
	setlocale(LC_CTYPE, "");
	set_escdelay(25);
	screen.terminal = newterm(NULL, stdout, stdin);
	if (!screen.terminal)
		return failure(err, MMR_E_UNSUPPORTED,
		               "terminals of type \"%s\" are unknown here (TERM); try --batch N",
		               term ? term : "");
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	choose_looks();
	return 0;
}

bool top_screen_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool top_screen_fit(struct top_frame *frame)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	clear();
	return top_frame_resize(frame, LINES, COLS);
}

static void show_row(const struct top_frame *frame, int row)
{
	const struct top_cell *cells = frame->cells + (ptrdiff_t)row * frame->cols;
	wchar_t text[TOP_MAX_COLS + 1];

	/* The last cell of the last row would scroll some terminals; ncurses sees to it. */
	for (int col = 0; col < frame->cols;) {
		int end = col;

		while (end < frame->cols && cells[end].attr == cells[col].attr) {
			text[end - col] = cells[end].ch;
			end++;
		}
		attrset((int)screen.looks[cells[col].attr]);
		mvaddnwstr(row, col, text, end - col);
		col = end;
	}
}

bool top_screen_takes_more(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) != 0;
}

void top_screen_show(const struct top_frame *frame)
{
	for (int row = 0; row < frame->rows; row++)
		show_row(frame, row);
	refresh();
}

enum top_key top_screen_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
		return TOP_KEY_NONE;
	case 'q':
	case 'Q':
	case 3: /* Ctrl-C, where the terminal sends it as a character */
		return TOP_KEY_QUIT;
	case 'p':
	case ' ':
		return TOP_KEY_PAUSE;
	case 's':
		return TOP_KEY_SORT;
	case 'r':
		return TOP_KEY_RESET;
	case 'h':
	case '?':
	case KEY_F(1):
		return TOP_KEY_HELP;
	case '+':
		return TOP_KEY_SLOWER;
	case '-':
		return TOP_KEY_FASTER;
	case KEY_UP:
	case 'k':
		return TOP_KEY_UP;
	case KEY_DOWN:
	case 'j':
		return TOP_KEY_DOWN;
	case 12: /* Ctrl-L */
		clearok(curscr, TRUE);
		return TOP_KEY_REDRAW;
	default:
		return TOP_KEY_OTHER;
	}
}

void top_screen_close(void)
{
	if (!screen.terminal)
		return;
	endwin();
	delscreen(screen.terminal);
	screen.terminal = NULL;
}

void top_screen_abandon(void)
{
	if (screen.terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen.modes);
}

#else
#include "failure.h"

int top_screen_open(struct mmr_error *err)
{
	return failure(err, MMR_E_UNSUPPORTED,
	               "this mmcap was built without ncurses; --batch N and --json work");
}

bool top_screen_utf8(void)
{
	return false;
}

bool top_screen_fit(struct top_frame *frame)
{
	(void)frame;
	return false;
}

bool top_screen_takes_more(void)
{
	return false;
}

void top_screen_show(const struct top_frame *frame)
{
	(void)frame;
}

enum top_key top_screen_key(void)
{
	return TOP_KEY_NONE;
}

void top_screen_close(void)
{
}

void top_screen_abandon(void)
{
}
#endif
