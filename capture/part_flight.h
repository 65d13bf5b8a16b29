/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flight recorder: what a trigger is, and what becomes of it. */
#ifndef PART_FLIGHT_H
#define PART_FLIGHT_H

#include "part.h"

extern const struct part_ops part_flight;

#endif
