/* SPDX-License-Identifier: Apache-2.0
 * ldap_filter.h - the filter of a search in LDAP: its text (RFC 4515) as bytes (RFC 4511, 4.5.1.7).
 *
 * Comparisons (= >= <= ~=), presence, substrings, and &, |, ! of up to sixteen parts, eight deep.
 * Not the extensible match (:=).
 */
#pragma once

#include "monitor/ber.h"

/* "(&(objectClass=person)(uid=probe))"; the outermost parentheses may be left out of one
 * comparison. Empty: every entry. False when it is none; the writer is good for nothing then. */
bool ldap_filter_put(struct ber_writer *writer, struct str filter) MUST_USE;
bool ldap_filter_is_good(struct str filter) MUST_USE;
