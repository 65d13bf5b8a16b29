/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka with the headers it needs in the order it needs them. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
