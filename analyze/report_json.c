/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report as one JSON object; every text is valid UTF-8, for what is from outside was escaped. */
#include "database.h"
#include "report.h"

static json_t *text(const char *value)
{
	json_t *json = json_string(value ? value : "");

	return json ? json : json_string("");
}

static json_t *limits_json(const struct report *report)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < report->nr_limits; i++)
		json_array_append_new(rows, json_pack("{ss so sb}", "what", report->limits[i].what,
		                                      "text", text(report->limits[i].text), "lacks",
		                                      report->limits[i].lacks));
	return rows;
}

/* NULL after a message. */
static json_t *evidence_json(const struct report *report, const struct finding *finding)
{
	json_t *all = json_array();

	for (const struct finding_evidence *evidence = finding->ops->evidence; evidence->title;
	     evidence++) {
		char *sql;
		sqlite3_stmt *statement = report_evidence(report, evidence, &sql);
		json_t *rows = statement ? database_json(report->tool, statement) : NULL;

		if (rows)
			json_array_append_new(all, json_pack("{ss so so}", "title", evidence->title,
			                                     "sql", text(sql), "rows", rows));
		sqlite3_free(sql);
		if (!rows) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *tries_json(const struct report *report, const struct finding *finding)
{
	json_t *tries = json_array();

	for (unsigned int i = 0; i < finding->nr_tries; i++) {
		const struct finding_try *try = &finding->tries[i];
		char *command = report_command(report, try);

		json_array_append_new(tries, json_pack("{so so}", "why", text(try->why), "command",
		                                       command ? text(command) : json_null()));
		sqlite3_free(command);
	}
	return tries;
}

static json_t *findings_json(const struct report *report)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < report->nr_findings; i++) {
		const struct finding *finding = &report->findings[i];
		json_t *evidence = evidence_json(report, finding);

		if (!evidence) {
			json_decref(rows);
			return NULL;
		}
		json_array_append_new(
			rows,
			json_pack("{ss ss sf so so so so}", "name", finding->ops->name, "severity",
		                  severity_name(finding->severity), "weight", finding->weight,
		                  "headline", text(finding->headline), "text", text(finding->text),
		                  "evidence", evidence, "try", tries_json(report, finding)));
	}
	return rows;
}

int report_print_json(const struct report *report)
{
	json_t *findings = findings_json(report);
	sqlite3_stmt *statement = findings ? report_predictions(report) : NULL;
	json_t *predictions = statement ? database_json(report->tool, statement) : NULL;
	json_t *tlbs;

	statement = predictions ? report_tlbs(report) : NULL;
	tlbs = statement ? database_json(report->tool, statement) : NULL;
	if (!tlbs) {
		json_decref(findings);
		json_decref(predictions);
		return -1;
	}
	print_json_value(json_pack("{so sI so so so so}", "recording", text(report->title),
	                           "run_id", (json_int_t)report->scope.run_id, "limits",
	                           limits_json(report), "findings", findings, "predictions",
	                           predictions, "tlbs", tlbs));
	return 0;
}
