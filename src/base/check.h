/* SPDX-License-Identifier: Apache-2.0
 * check.h - the words for "this cannot be": must() and must_not_reach().
 *
 * A failed check is a bug of ours: it aborts the data process, and the supervisor restarts it.
 * Nothing that arrives from a client, a server or an operator may reach one.
 */
#pragma once

#define MUST_USE         __attribute__((warn_unused_result))
#define PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define LIKELY(claim)    __builtin_expect(!!(claim), 1)
#define UNLIKELY(claim)  __builtin_expect(!!(claim), 0)

/* Always compiled in. No side effects inside. */
#define must(claim)      (LIKELY(claim) ? (void)0 : check_failed(#claim, __FILE__, __LINE__))
#define must_not_reach() check_failed("unreachable", __FILE__, __LINE__)

_Noreturn void check_failed(const char *claim, const char *file, int line);
