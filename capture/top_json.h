/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOP_JSON_H
#define TOP_JSON_H

#include <stdio.h>

#include "top_model.h"
#include "top_view.h"

/* The model as one JSON object in one line. Unknown numbers are null. */
void top_json_print(const struct top_model *model, const struct top_view *view, FILE *stream);

#endif
