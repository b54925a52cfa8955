/* SPDX-License-Identifier: Apache-2.0
 *
 * The line of a full pool (src/admit/quota_queue.c) as a model for Spin: every operation on a shared
 * word is one step. While somebody waits all stashes are sealed (Q2), so S alone counts; a unit is
 * in S, in somebody's hands, or in use.
 *
 * Asserted at every step: units are conserved, uses never exceed the limit, nobody takes past who
 * waits, and the line is served by ticket. At the end: nobody waits, every unit is in S. A waiter
 * that does not give up and is never served is an invalid end state.
 *
 *   N clients on an engine each, LIMIT units, ROUNDS for each client; RAISE, LOWER: control changes
 *   the limit by one, once. BREAK_... are the faults that must be found. run.sh runs them.
 */
#ifndef N
#define N 2
#endif
#ifndef LIMIT
#define LIMIT 1
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define PLACES (N + 2)

#define EMPTY     0 /* a place; else WAITS or CANCELLED */
#define WAITS     1
#define CANCELLED 2

short available = LIMIT; byte waiters;  /* S */
byte calls; byte head; byte tail;       /* head: owner is who serves */
byte place[PLACES]; byte who[PLACES];
byte served[N];

short limit = LIMIT;                    /* ghosts */
byte in_use; byte in_hands; byte last_served = 255;
byte serving;

#define CONSERVED assert(available + in_use + in_hands == limit)

/* quota_queue_serve(). a, w: S as it was seen; p: the place; c: calls. */
inline serve()
{
	atomic { c = calls; calls++ }
	if
#ifdef BREAK_TWO_SERVE
	:: false
#else
	:: c > 0 -> skip
#endif
	:: else ->
		atomic { serving++; assert(serving == 1) }
		c = 1;
		do
		:: true ->
serving_first:
			atomic { a = available; w = waiters }
			atomic { p = place[head % PLACES] }
			if
			:: w == 0 || p == EMPTY -> goto served_all
			:: else -> skip
			fi;
			if
			:: p == CANCELLED ->
				place[head % PLACES] = EMPTY; head++;
				atomic { waiters-- }
				goto serving_first
			:: p == WAITS && a <= 0 -> goto served_all
			:: else -> skip
			fi;
			atomic {
				if
				:: available == a && waiters == w ->
					available--; waiters--; in_hands++; p = 255; CONSERVED
				:: else -> skip
				fi
			}
			if
			:: p != 255 -> goto serving_first
			:: else -> skip
			fi;
			atomic {
				if
				:: place[head % PLACES] == WAITS ->
					place[head % PLACES] = EMPTY; p = WAITS;
					assert(last_served == 255 || head > last_served);
					last_served = head
				:: else -> p = CANCELLED
				fi
			}
			if
			:: p == WAITS ->
				/* Before the head moves nobody else serves. */
				w = who[head % PLACES]; head++;
				atomic { served[w]++ }
			:: else ->
				place[head % PLACES] = EMPTY; head++;
#ifdef BREAK_UNIT_LOST
				atomic { in_hands-- }
#else
				atomic { available++; in_hands--; CONSERVED }
#endif
			fi;
			goto serving_first;
served_all:
#ifdef BREAK_CALLS_UNHEARD
			atomic { serving--; calls = 0 }
			break
#else
			atomic {
				if
				:: calls == c -> calls = 0; serving--; c = 0
				:: else -> c = calls
				fi
			}
			if :: c == 0 -> break :: else -> skip fi
#endif
		od
	fi;
	a = 0; w = 0; p = 0; c = 0
}

proctype Client(byte i)
{
	short a; byte w; byte p; byte c; byte t; byte n; bool patient; bool has;

	do
	:: n == ROUNDS -> break
	:: n < ROUNDS ->
		n++; has = false; patient = false; t = 0;
		/* quota_take(), or count_in() */
		if
#ifdef BREAK_BARGING
		:: atomic { available > 0 -> assert(waiters == 0); available--; in_use++;
			    assert(in_use <= limit); CONSERVED; has = true }
#else
		:: atomic { available > 0 && waiters == 0 -> available--; in_use++;
			    assert(in_use <= limit); CONSERVED; has = true }
#endif
		:: atomic { available <= 0 || waiters > 0 -> waiters++ }
		fi;
		if
		:: has -> skip
		:: else ->
			atomic { t = tail; tail++; who[t % PLACES] = i }
			atomic { assert(place[t % PLACES] == EMPTY); place[t % PLACES] = WAITS }
#ifndef BREAK_PUBLISHED_UNHEARD
			serve();
#endif
			if :: patient = true :: patient = false fi;
			if
			:: served[i] > 0 -> atomic { served[i]--; in_hands--; in_use++; has = true;
						     CONSERVED }
			:: !patient ->
				atomic {
					if
					:: place[t % PLACES] == WAITS && who[t % PLACES] == i &&
					   t >= head ->
						place[t % PLACES] = CANCELLED
					:: else -> patient = true
					fi
				}
				if
				:: patient -> /* too late: its use is on the way */
					atomic { served[i] > 0 -> served[i]--; in_hands--; in_use++;
						 has = true; CONSERVED }
				:: else -> serve()
				fi
			fi
		fi;
		if
		:: has ->
			/* quota_give(): in U first, so it is in the giver's hands, then to S. */
			atomic { in_use--; in_hands++; CONSERVED }
			atomic { available++; in_hands--; w = waiters; CONSERVED }
			if
#ifdef BREAK_GIVEN_UNHEARD
			:: false
#else
			:: w > 0 -> w = 0; serve()
#endif
			:: else -> w = 0
			fi
		:: else -> skip
		fi
	od
}

#if defined(RAISE) || defined(LOWER)
proctype Control()
{
	short a; byte w; byte p; byte c;

#ifdef RAISE
	atomic { available++; limit++; w = waiters; CONSERVED }
	if
#ifdef BREAK_RAISE_UNHEARD
	:: false
#else
	:: w > 0 -> w = 0; serve()
#endif
	:: else -> skip
	fi
#else
	/* Uses above the new limit stay: only what is taken later must keep to it. */
	atomic { available--; limit--; CONSERVED }
#endif
}
#endif

init
{
	byte x;

	atomic {
		do
		:: x < N -> run Client(x); x++
		:: else -> break
		od;
#if defined(RAISE) || defined(LOWER)
		run Control()
#endif
	}
	_nr_pr == 1;
	assert(waiters == 0 && in_use == 0 && in_hands == 0 && available == limit && calls == 0)
}
