/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap: records what the kernel's memory management does, and handles recordings. */
#include <stddef.h>

#include "commands.h"
#include "subcommand.h"

/* In the order of the help. A new one: a file cmd_NAME.c, a line here, in commands.h and meson.build. */
/* clang-format off */
static const struct subcommand commands[] = {
#ifdef MMCAP_RECORD
	{ "record", cmd_record, "Record a command, or the whole machine" },
	{ "top", cmd_top, "Show what memory management does now, and who waits for it" },
	{ "trigger", cmd_trigger, "Have a flight recorder write what it holds" },
	{ "check", cmd_check, "Tell what this machine can record, and what is missing" },
	{ "list", cmd_list, "List the events that can be recorded, and what is missing here" },
	{ "cleanup", cmd_cleanup, "Remove what killed recorders have left behind" },
#endif
	{ "info", cmd_info, "Tell what a trace holds" },
	{ "dump", cmd_dump, "Print the events of a trace" },
	{ "verify", cmd_verify, "Check traces to the last byte and event" },
	{ "repair", cmd_repair, "Make a whole trace of a cut or damaged one" },
	{ "anonymize", cmd_anonymize, "Copy a trace without names and addresses" },
	{ "import", cmd_import, "Make a trace of a trace-cmd recording" },
	{ "export", cmd_export, "Make a trace.dat of a trace, for trace-cmd and KernelShark" },
	{ NULL, NULL, NULL },
};
/* clang-format on */

int main(int argc, char **argv)
{
	return subcommand_main("mmcap",
	                       "Record what Linux memory management does, and look at recordings.",
	                       commands, argc, argv);
}
