/* SPDX-License-Identifier: Apache-2.0
 * scan.h - how far a run of good bytes goes: the inner loops of the HTTP/1 reader.
 *
 * Every function returns where the run ends: the first byte that does not belong to it, or `end`.
 * Nothing behind `end` is read. Sixteen bytes at a time with SSE2, which every x86-64 has, so no
 * choice at run time and no call through a pointer; most runs are too short for wider registers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	SCAN_TOKEN = 1,  /* RFC 9110, 5.6.2 */
	SCAN_VALUE = 2,  /* field values: visible, space, tab and obs-text (RFC 9110, 5.5) */
	SCAN_TARGET = 4, /* request targets: visible ASCII without "#" */
	SCAN_HOST = 8    /* reg-name (RFC 3986, 3.2.2) without the comma */
};

extern const uint8_t scan_classes[256];

static inline bool scan_is(char byte, unsigned classes)
{
	return (scan_classes[(unsigned char)byte] & classes) != 0;
}

static inline const char *scan_run(const char *at, const char *end, unsigned class)
{
	while (at < end && scan_is(*at, class))
		at++;
	return at;
}

#ifdef __SSE2__
/* Sixteen letters, digits and dashes at a time: what names of methods and fields are made of. */
static inline const char *scan_token(const char *at, const char *end)
{
	const __m128i bit = _mm_set1_epi8(0x20), dash = _mm_set1_epi8('-');
	const __m128i a = _mm_set1_epi8('a'), letters = _mm_set1_epi8(25);
	const __m128i zero = _mm_set1_epi8('0'), digits = _mm_set1_epi8(9);

	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, bit), a);
		__m128i digit = _mm_sub_epi8(bytes, zero);
		__m128i good = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, letters), letter),
					    _mm_cmpeq_epi8(_mm_min_epu8(digit, digits), digit));
		int rest = _mm_movemask_epi8(_mm_or_si128(good, _mm_cmpeq_epi8(bytes, dash))) ^
			   0xffff;

		if (rest != 0) {
			at += __builtin_ctz((unsigned)rest);
			break;
		}
	}
	return scan_run(at, end, SCAN_TOKEN);
}

static inline const char *scan_value(const char *at, const char *end)
{
	const __m128i space = _mm_set1_epi8(0x20), tab = _mm_set1_epi8(0x09);
	const __m128i rubout = _mm_set1_epi8(0x7f);

	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i good = _mm_or_si128(_mm_cmpeq_epi8(_mm_max_epu8(bytes, space), bytes),
					    _mm_cmpeq_epi8(bytes, tab));
		int bad = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, rubout)) |
			  (_mm_movemask_epi8(good) ^ 0xffff);

		if (bad != 0)
			return at + __builtin_ctz((unsigned)bad);
	}
	return scan_run(at, end, SCAN_VALUE);
}

static inline const char *scan_target(const char *at, const char *end)
{
	const __m128i space = _mm_set1_epi8(0x20), hash = _mm_set1_epi8('#');
	const __m128i rubout = _mm_set1_epi8(0x7f);

	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		/* Signed: bytes of 0x80 and above are below the space. */
		int good = _mm_movemask_epi8(_mm_cmpgt_epi8(bytes, space));
		int bad = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, rubout),
							 _mm_cmpeq_epi8(bytes, hash))) |
			  (good ^ 0xffff);

		if (bad != 0)
			return at + __builtin_ctz((unsigned)bad);
	}
	return scan_run(at, end, SCAN_TARGET);
}
#else
static inline const char *scan_token(const char *at, const char *end)
{
	return scan_run(at, end, SCAN_TOKEN);
}

static inline const char *scan_value(const char *at, const char *end)
{
	return scan_run(at, end, SCAN_VALUE);
}

static inline const char *scan_target(const char *at, const char *end)
{
	return scan_run(at, end, SCAN_TARGET);
}
#endif
