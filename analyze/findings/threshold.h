/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When something is worth a finding. None of these was found by looking at recordings; mmanalyze(1) says the same.
 */
#ifndef FINDINGS_THRESHOLD_H
#define FINDINGS_THRESHOLD_H

/* A person notices a tenth of a second; one hundredth is half of a picture's time at 60 Hz, and ten jiffies at 1000 Hz. */
#define THRESHOLD_WAIT_SERIOUS_NS 100e6
#define THRESHOLD_WAIT_NOTICE_NS  10e6

/* One part in twenty of the time: what another release or another compiler would be blamed for. A tenth of it is noise. */
#define THRESHOLD_TIME_SERIOUS 0.05
#define THRESHOLD_TIME_NOTICE  0.005

/* Of what reclaim took, so much was wanted back: one page in twenty is what reclaim, which guesses, may get wrong. */
#define THRESHOLD_WANTED_BACK 0.05

/* Less than this share of the memory, going wherever, does no harm: the min watermarks keep about as much free. */
#define THRESHOLD_MEMORY_NOTICE 0.01

/* A tenth of the memory: no machine is planned so closely that it would not miss it, nor so loosely that it would. */
#define THRESHOLD_MEMORY_SERIOUS 0.10

/* What only grows, by a twentieth of the memory: the recording need only have lasted twenty times as long. */
#define THRESHOLD_GROWTH_NOTICE 0.05

/* Requests that are refused: one in ten is no longer chance, half of them and the thing asked for is as good as off. */
#define THRESHOLD_REFUSED_NOTICE  0.10
#define THRESHOLD_REFUSED_SERIOUS 0.50

#endif
