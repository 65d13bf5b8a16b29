/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze's commands; each returns the exit status. */
#ifndef ANALYZE_MMANALYZE_H
#define ANALYZE_MMANALYZE_H

int cmd_compare(int argc, char **argv);
int cmd_curve(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_frag(int argc, char **argv);
int cmd_pagealloc(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_runs(int argc, char **argv);
int cmd_sar(int argc, char **argv);
int cmd_stalls(int argc, char **argv);
int cmd_tlb(int argc, char **argv);
int cmd_vmscan(int argc, char **argv);
int cmd_vmstat(int argc, char **argv);
int cmd_what_if(int argc, char **argv);

#endif
