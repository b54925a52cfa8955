/* SPDX-License-Identifier: Apache-2.0
 * snmp.h - a GET of some objects over SNMP version 1 or 2c (RFC 1157, RFC 3416), and its answer.
 */
#pragma once

#include "base/check.h"
#include "monitor/ber.h"
#include "monitor/talk.h"

/* Says what is to be sent; TALK_BAD when an OID is none, or there is no room. */
enum talk_verdict snmp_ask(struct talk *talk, const struct str *oids, unsigned count);
/* TALK_GOOD: `list` holds the pairs of the answer; TALK_MORE: it is not to us. */
enum talk_verdict snmp_answer(struct talk *talk, const char *bytes, size_t length,
			      struct ber_reader *list) MUST_USE;
/* The next pair's value. False: there is none, or it is broken. */
bool snmp_pair(struct ber_reader *list, unsigned *tag, struct ber_reader *value) MUST_USE;
enum { SNMP_EXCEPTION = 0x80 }; /* tags from it on: the object is not there */
/* Integers of all kinds, and numbers as text, which scripts behind net-snmp tell. */
bool snmp_number(unsigned tag, const struct ber_reader *value, int64_t *number) MUST_USE;
