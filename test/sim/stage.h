/* SPDX-License-Identifier: Apache-2.0
 * stage.h - engines that are stopped before any operation of the pools on a shared word.
 *
 * A call runs on a stack of its own and does as many operations as it is allowed; it may go on
 * later, or never: then its engine died there. Calls that are made outside of the stage run freely.
 */
#pragma once

#include "admit/quota_core_priv.h"

enum { STAGE_SLOTS = 4 };

/* Prepares a call on a slot; what was unfinished there is abandoned. It has not begun. */
void stage_call(unsigned slot, void (*act)(void *argument), void *argument);
/* Lets it do `steps` operations, then stops it before the next one. True: it has returned. */
bool stage_go(unsigned slot, unsigned steps);
/* To its end, which must come within a million operations. */
void stage_finish(unsigned slot);
/* The operation it was stopped before. */
enum quota_step stage_next(unsigned slot, const volatile void **word);
/* Operations done by a call so far: all, and those that load the word that is watched. */
unsigned stage_steps(unsigned slot);
void stage_watch(const volatile void *word);
unsigned stage_loads_seen(unsigned slot);
unsigned stage_writes_seen(unsigned slot);
