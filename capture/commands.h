/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommands of mmcap, a file each. argv[0] is the subcommand's name; they return the exit status. */
#ifndef CAPTURE_COMMANDS_H
#define CAPTURE_COMMANDS_H

int cmd_anonymize(int argc, char **argv);
int cmd_check(int argc, char **argv);   /* where libtracefs is */
int cmd_cleanup(int argc, char **argv); /* where libtracefs is */
int cmd_dump(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_list(int argc, char **argv);   /* where libtracefs is */
int cmd_record(int argc, char **argv); /* where libtracefs is */
int cmd_repair(int argc, char **argv);
int cmd_top(int argc, char **argv);     /* where libtracefs is */
int cmd_trigger(int argc, char **argv); /* where libtracefs is */
int cmd_verify(int argc, char **argv);

#endif
