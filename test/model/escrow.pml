/* SPDX-License-Identifier: Apache-2.0
 *
 * The quota pools (src/admit/quota*.c) as a model for Spin: every operation on a shared word is one
 * step; how much is taken, kept or given, whom an engine asks, whether it reopens, is left open, so
 * a pass holds for every habit. A load followed by a compare-and-swap of the same word is one
 * step, since a swap that fails only means to look again; where the code carries a value from one
 * word to the next, the model does too.
 *
 * Asserted at every step: units are conserved; an admission leaves no more uses in force than the
 * limit allowed during its call; "full" is said only while uses >= limit. A use in a pocket is in
 * force.
 *
 *   N engines, LIMIT units, EACH dealt to every stash; POCKETS: settle by turns; STORM: the limit
 *   changes for ever; OPS: so many operations for each engine, else for ever; FEW: amounts are one
 *   or all. BREAK_... are the faults that must be found. run.sh knows which combinations to run.
 */
#ifndef N
#define N 2
#endif
#ifndef LIMIT
#define LIMIT 2
#endif
#ifndef EACH
#define EACH 1
#endif

short available; byte opened;          /* S */
bool is_open[N]; bool is_busy[N];      /* W ... */
byte idle[N]; byte used[N];            /* ... and what its owner counts in U while sealed */
byte pocket[N];
bool debt; bool lowering;              /* mode */
bool mode_moved[N + 1]; /* since this engine, or control, looked: the count of changes never wraps */

short limit; short bound;  /* ghosts: by S; and what an admission may not exceed */
short allowed[N];          /* ghost: the largest bound during the call of each engine; -1: none */
byte in_force; byte moving[N]; byte moving_control; byte all_idle; byte all_moving;

#define CONSERVED assert(available + all_idle + all_moving + in_force == limit)
#define ADMIT     in_force++; assert(in_force <= allowed[i])

#ifdef BREAK_SEAL_BUSY
#define CAN_SEAL(j) (is_open[j])
#else
#define CAN_SEAL(j) (is_open[j] && !is_busy[j])
#endif
#ifdef BREAK_ROB_BUSY
#define CAN_ROB(j) (j != i && is_open[j] && idle[j] > 0)
#else
#define CAN_ROB(j) (j != i && is_open[j] && !is_busy[j] && idle[j] > 0)
#endif
#ifdef BREAK_OPEN_IN_DEBT
#define MAY_OPEN true
#else
#define MAY_OPEN available >= 0
#endif
#ifdef BREAK_NO_SWEEP
#define IS_SWEPT true
#else
#define IS_SWEPT (available >= 0 || opened == 0)
#endif
#ifdef BREAK_NO_DEBT
#define SHUT false
#else
#define SHUT debt
#endif
#ifdef BREAK_NO_LOWERING
#define MAY_END_DEBT debt
#else
#define MAY_END_DEBT (debt && !lowering)
#endif

#ifdef FEW
#define SOME(most) if :: k = 1 :: k = most fi
#else
#define SOME(most) select(k : 1 .. most)
#endif

#ifdef POCKETS
#define MODE(change) atomic { change; j = 0;                                             \
			      do :: j <= N -> mode_moved[j] = true; j++ :: else -> break od; \
			      j = 0 }
#else
#define MODE(change) skip /* without pockets nobody asks for it */
#endif

/* quota_pool_debt_end(): look at the mode, look at S, swap the mode if it did not change. */
inline debt_end(who)
{
	atomic { mode_moved[who] = false; b = MAY_END_DEBT }
	if
	:: b ->
		atomic { b = available >= 0 }
		if
		:: b -> atomic { if :: !mode_moved[who] -> debt = false :: else fi }
		:: else
		fi
	:: else
	fi;
	b = false; mode_moved[who] = true
}

/* quota_pool_seal(j): the stash, then S. k: what came. */
inline seal(j, ghost)
{
	k = 0;
	atomic {
		if
		:: CAN_SEAL(j) ->
			is_open[j] = false; k = idle[j]; idle[j] = 0; b = true;
			all_idle = all_idle - k; all_moving = all_moving + k; ghost = k
		:: else -> b = false
		fi
	}
	if
	:: b ->
#ifdef BREAK_UNCOVERED
		atomic { opened-- }
		atomic { available = available + k; all_moving = all_moving - k; ghost = 0;
			 b = false; CONSERVED }
#else
		atomic { available = available + k; opened--; all_moving = all_moving - k;
			 ghost = 0; b = false; CONSERVED }
#endif
	:: else
	fi
}

proctype Engine(byte i)
{
	short a; byte o; byte k; byte j; byte t; byte m; bool b;
#ifdef OPS
	byte ops;
#endif

again:
	/* What is not needed any more is put back, here and below, so that states that differ in
	 * nothing else are one. */
	atomic { a = 0; o = 0; k = 0; j = 0; t = 0; m = 0; b = false; allowed[i] = -1 }
#ifdef OPS
	if :: ops == OPS -> goto over :: else -> ops++ fi;
#endif
	if
	:: atomic { allowed[i] = bound } goto take
	:: used[i] > pocket[i] -> goto give
#ifdef POCKETS
	:: pocket[i] > 0 -> goto turn_end
#endif
	fi;

take:
#ifdef POCKETS
	if
	:: pocket[i] > 0 ->
		atomic { b = SHUT }
		/* Handed on: the count stays, but it is an admission. */
		if
		:: !b -> atomic { pocket[i]--; assert(in_force <= allowed[i]) } goto done
		:: else -> b = false
		fi
	:: else
	fi;
#endif
	atomic { a = available; o = opened }
	if
	:: atomic { is_open[i] && idle[i] > 0 -> idle[i]--; all_idle--; used[i]++; ADMIT; CONSERVED }
		goto done
	:: atomic { is_open[i] && idle[i] == 0 && (a > 0 || o > 1) -> is_busy[i] = true;
		    a = 0; o = 0 }
		goto gather
	:: atomic { is_open[i] && idle[i] == 0 && a <= 0 && o <= 1 } goto conclude
	:: atomic { !is_open[i] } goto sealed
	fi;

gather:
	if
	:: atomic { available > 0 -> SOME(available); available = available - k;
		    moving[i] = k - 1; all_moving = all_moving + k - 1; ADMIT; CONSERVED }
	:: select(j : 0 .. N - 1);
		atomic {
			if
			:: CAN_ROB(j) -> k = (idle[j] + 1) / 2; idle[j] = idle[j] - k;
				all_idle = all_idle - k; moving[i] = k - 1;
				all_moving = all_moving + k - 1; ADMIT; CONSERVED
			:: else -> k = 0
			fi
		}
	:: k = 0
	fi;
	/* The plain store that ends BUSY. */
	if
	:: k > 0 -> atomic { used[i]++; idle[i] = moving[i]; all_idle = all_idle + moving[i];
			     all_moving = all_moving - moving[i]; moving[i] = 0; is_busy[i] = false;
			     CONSERVED }
		goto done
	:: else -> atomic { is_busy[i] = false; j = 0 } goto conclude
	fi;

sealed:
	if
	:: a > 0 ->
		atomic { a = 0; o = 0 }
		if :: b = true :: b = false fi; /* opens? */
		atomic {
			if
			:: available > 0 && !b -> available--; k = 1; ADMIT; CONSERVED
			:: available > 0 && b -> SOME(available); available = available - k;
#ifndef BREAK_REOPEN_UNCOUNTED
				opened++;
#endif
				moving[i] = k - 1; all_moving = all_moving + k - 1; ADMIT; CONSERVED
			:: else -> k = 0
			fi
		}
		if
		:: k == 0 -> b = false; goto take
		:: k > 0 && !b -> used[i]++
		:: k > 0 && b ->
			atomic { used[i]++; is_open[i] = true; idle[i] = moving[i];
				 all_idle = all_idle + moving[i];
				 all_moving = all_moving - moving[i]; moving[i] = 0; CONSERVED }
#ifdef BREAK_REOPEN_UNCOUNTED
			opened++
#endif
		fi;
		goto done
	:: a <= 0 && o > 0 ->
		atomic { a = 0; o = 0 }
		select(j : 0 .. N - 1);
		atomic {
			if
			:: CAN_ROB(j) -> idle[j]--; all_idle--; k = 1; ADMIT; CONSERVED
			:: else -> k = 0
			fi
		}
		if :: k == 1 -> used[i]++; goto done :: else -> j = 0; goto conclude fi
	:: a <= 0 && o == 0 -> goto conclude
	fi;

conclude:
	atomic {
		a = available; o = opened;
		if
#ifdef BREAK_FULL_EARLY
		:: a <= 0 && o <= 1 -> assert(in_force >= limit)
#else
		:: a <= 0 && o == 0 -> assert(in_force >= limit) /* full: decided here */
#endif
		:: else
		fi
	}
	if
	:: a > 0 -> goto take
	:: a <= 0 && o == 0 -> goto done
	:: else
	fi;
	atomic { a = 0; o = 0; t = 0; j = i; k = 0 }
	do
	:: t < N && k == 0 -> seal(j, moving[i]); t++; j = (j + 1) % N
	:: else -> break
	od;
	atomic { k = 0; t = 0; j = 0 }
	goto take;

give:
#ifdef POCKETS
	atomic { b = debt }
	if
	:: !b -> pocket[i]++; goto done
	:: else -> b = false
	fi;
#endif
	m = 1;
	goto give_now;
turn_end:
	m = pocket[i]; pocket[i] = 0;
give_now:
	if
	:: atomic { is_open[i] -> used[i] = used[i] - m; in_force = in_force - m;
		    idle[i] = idle[i] + m; all_idle = all_idle + m; CONSERVED }
	:: atomic { is_open[i] -> SOME(idle[i] + m); used[i] = used[i] - m; in_force = in_force - m;
		    all_idle = all_idle - idle[i]; idle[i] = idle[i] + m - k;
		    all_idle = all_idle + idle[i]; moving[i] = k; all_moving = all_moving + k;
		    t = idle[i]; is_busy[i] = true; CONSERVED }
		atomic { b = available < 0 && available + k >= 0; available = available + k;
			 all_moving = all_moving - k; moving[i] = 0; CONSERVED }
		/* The plain store of the whole word. */
		atomic { all_idle = all_idle - idle[i] + t; idle[i] = t; is_busy[i] = false; t = 0;
			 CONSERVED }
		goto paid
	:: atomic { !is_open[i] -> used[i] = used[i] - m } /* noted in U first */
		if
		:: atomic { MAY_OPEN -> opened++; in_force = in_force - m; moving[i] = m;
			    all_moving = all_moving + m; CONSERVED }
			atomic { is_open[i] = true; idle[i] = m; all_idle = all_idle + m;
				 all_moving = all_moving - m; moving[i] = 0; CONSERVED }
		:: atomic { b = available < 0 && available + m >= 0; available = available + m;
			    in_force = in_force - m; CONSERVED }
			goto paid
		fi
	fi;
	goto done;
paid:
	if
	:: b -> debt_end(i)
	:: else
	fi;

done:
	goto again;
#ifdef OPS
over:
	skip
#endif
}

#ifdef STORM
/* quota_set_limit(), for ever. */
proctype Control()
{
	short n; byte j; byte k; bool b;

	do
	:: select(n : 0 .. LIMIT);
		if
		:: n < limit -> MODE(debt = true; lowering = true)
		:: else
		fi;
		atomic {
			available = available + n - limit; limit = n; CONSERVED;
			if
			:: n > bound -> bound = n;
				j = 0;
				do
				:: j < N -> if :: allowed[j] >= 0 && allowed[j] < n -> allowed[j] = n
					   :: else fi; j++
				:: else -> break
				od;
				j = 0
			:: else
			fi
		}
		MODE(lowering = false);
		do
		:: atomic { IS_SWEPT } break
		:: atomic { !IS_SWEPT } j = 0;
			do
			:: j < N -> seal(j, moving_control); j++
			:: else -> break
			od
		od;
		j = 0; k = 0; b = false;
		debt_end(N);
		bound = n; n = 0
#ifdef ONCE
		; break
#endif
	od
}
#endif

init
{
	byte x;

	atomic {
		limit = LIMIT; bound = LIMIT; available = LIMIT - N * EACH;
		do
		:: x < N ->
			if
			:: EACH > 0 -> is_open[x] = true; idle[x] = EACH; opened++;
				all_idle = all_idle + EACH
			:: else
			fi;
			run Engine(x); x++
		:: else -> break
		od;
#ifdef STORM
		run Control();
#endif
	}
}
