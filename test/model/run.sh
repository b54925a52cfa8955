#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the models of the quota pools: those that must pass, and the broken ones that must not.
#   run.sh [short|all|long]     short: some seconds; all (default): minutes, 3 GiB; long adds
#                               larger ones, half an hour, 12 GiB
# Needs spin and cc. Says what it found in the Test Anything Protocol.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
set=${1:-all}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cases=0 failed=0 model=escrow fast=-O0 mebibytes=3000 depth=500000 may=

# What a check found: in one word, and how many states.
judge() {
	if grep -q 'errors: 0' "$work/out.txt" &&
		! grep -q 'Search not completed\|depth too small' "$work/out.txt"; then
		got=pass
	elif grep -q 'errors: [1-9]' "$work/out.txt"; then
		got=fail
	else
		got=unfinished
	fi
	states=$(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' "$work/out.txt")
}

# check pass|fail NAME FLAGS...
check() {
	want=$1 name=$2 word=ok
	shift 2
	(cd "$work" && spin -a "$@" "$here/$model.pml" >spin.log 2>&1 &&
		cc $fast -w -DSAFETY -DCOLLAPSE -DMEMLIM=$mebibytes -o pan pan.c) ||
		{ cat "$work/spin.log"; exit 2; }
	(cd "$work" && ./pan -n -m$depth >out.txt 2>&1) || true
	judge
	cases=$((cases + 1))
	[ "$got" = "$want" ] || [ "$got" = "$may" ] || { failed=$((failed + 1)) word="not ok"; }
	echo "$word $cases - $model: $name: $got, $states states, must $want"
}

check_faults() {
	for fault in SEAL_BUSY ROB_BUSY UNCOVERED REOPEN_UNCOUNTED FULL_EARLY; do
		check fail "broken: $fault" -DLIMIT=3 -DBREAK_$fault
	done
	for fault in OPEN_IN_DEBT NO_SWEEP; do
		check fail "broken: $fault" -DLIMIT=2 -DSTORM -DBREAK_$fault
	done
	for fault in NO_DEBT NO_LOWERING; do
		check fail "broken: $fault" -DLIMIT=2 -DSTORM -DPOCKETS -DBREAK_$fault
	done
}

check_queue_faults() {
	for fault in UNIT_LOST CALLS_UNHEARD BARGING PUBLISHED_UNHEARD GIVEN_UNHEARD TWO_SERVE; do
		check fail "broken: $fault" -DBREAK_$fault
	done
	check fail "broken: RAISE_UNHEARD" -DRAISE -DROUNDS=1 -DLIMIT=0 -DBREAK_RAISE_UNHEARD
}

check_short() {
	check pass "2 engines, nothing dealt out" -DLIMIT=2 -DEACH=0
	check pass "2 engines, 2 units" -DLIMIT=2
	check_faults
	model=queue
	check pass "2 clients, 1 unit" -DLIMIT=1
	check pass "2 clients, the limit rises from 0" -DRAISE -DROUNDS=1 -DLIMIT=0
	check_queue_faults
	model=escrow
}

check_all() {
	check pass "2 engines, 3 units" -DLIMIT=3
	check pass "2 engines, settling by turns" -DLIMIT=3 -DPOCKETS -DFEW
	check pass "2 engines, the limit changes once" -DLIMIT=2 -DSTORM -DFEW -DONCE
	check pass "it changes once, settling by turns" -DLIMIT=2 -DSTORM -DFEW -DPOCKETS -DOPS=2 \
		-DONCE
	check pass "3 engines, 2 units, 2 operations each" -DN=3 -DLIMIT=2 -DEACH=0 -DOPS=2 -DFEW
	model=queue
	check pass "2 clients, the limit rises" -DRAISE
	check pass "2 clients, the limit falls" -DLOWER -DLIMIT=2
	check pass "3 clients, 1 unit" -DN=3 -DROUNDS=1
	check pass "3 clients, 2 units, the limit falls" -DN=3 -DROUNDS=1 -DLIMIT=2 -DLOWER
	model=escrow
}

check_long() {
	check pass "3 engines, 3 units, 2 operations each" -DN=3 -DLIMIT=3 -DOPS=2 -DFEW
	check pass "2 engines, the limit changes for ever" -DLIMIT=2 -DSTORM
	mebibytes=12000 depth=100000000
	check pass "the same, settling by turns, 2 operations each" -DLIMIT=2 -DSTORM -DFEW \
		-DPOCKETS -DOPS=2
	check pass "3 engines, 2 units, the limit changes once" -DN=3 -DLIMIT=2 -DEACH=0 -DOPS=2 \
		-DFEW -DSTORM -DONCE
	# More than 177 million states: as far as the memory goes.
	may=unfinished
	check pass "3 engines, 3 units, the limit changes once" -DN=3 -DLIMIT=3 -DOPS=2 -DFEW \
		-DSTORM -DONCE
}

case $set in short | all | long) ;; *) echo "usage: $0 [short|all|long]" >&2; exit 2 ;; esac
check_short
fast=-O2 depth=20000000
[ "$set" = short ] || check_all
[ "$set" != long ] || check_long
echo "1..$cases"
[ "$failed" -eq 0 ]
