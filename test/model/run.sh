#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the model of the quota pools: those that must pass, and the broken ones that must not.
#   run.sh [long]      needs spin and cc; minutes, 3 GiB at most; "long" adds larger ones
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# check pass|fail NAME FLAGS...
check() {
	want=$1 name=$2
	shift 2
	(cd "$work" && spin -a "$@" "$here/escrow.pml" >spin.log 2>&1 &&
		cc -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c) || { cat "$work/spin.log"; exit 2; }
	(cd "$work" && ./pan -n -m20000000 >out.txt 2>&1) || true
	if grep -q 'errors: 0' "$work/out.txt" && ! grep -q 'Search not completed' "$work/out.txt"; then
		got=pass
	elif grep -q 'errors: [1-9]' "$work/out.txt"; then
		got=fail
	else
		got=unfinished
	fi
	states=$(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' "$work/out.txt")
	if [ "$got" = "$want" ]; then
		passed=$((passed + 1)) word=ok
	else
		failed=$((failed + 1)) word="NOT ok, wanted $want"
	fi
	echo "$name: $got, $states states: $word"
}

check pass "2 engines, 2 units" -DLIMIT=2
check pass "2 engines, 3 units" -DLIMIT=3
check pass "2 engines, nothing dealt out" -DLIMIT=2 -DEACH=0
check pass "2 engines, settling by turns" -DLIMIT=3 -DPOCKETS -DFEW
check pass "2 engines, the limit changes once" -DLIMIT=2 -DSTORM -DFEW -DONCE
check pass "it changes once, settling by turns" -DLIMIT=2 -DSTORM -DFEW -DPOCKETS -DOPS=2 -DONCE
check pass "3 engines, 2 units, 2 operations each" -DN=3 -DLIMIT=2 -DEACH=0 -DOPS=2 -DFEW
for fault in SEAL_BUSY ROB_BUSY UNCOVERED REOPEN_UNCOUNTED FULL_EARLY; do
	check fail "broken: $fault" -DLIMIT=3 -DBREAK_$fault
done
for fault in OPEN_IN_DEBT NO_SWEEP; do
	check fail "broken: $fault" -DLIMIT=2 -DSTORM -DBREAK_$fault
done
for fault in NO_DEBT NO_LOWERING; do
	check fail "broken: $fault" -DLIMIT=2 -DSTORM -DPOCKETS -DBREAK_$fault
done
if [ "${1:-}" = long ]; then
	check pass "3 engines, 3 units, 2 operations each" -DN=3 -DLIMIT=3 -DOPS=2 -DFEW
	check pass "2 engines, the limit changes for ever" -DLIMIT=2 -DSTORM
	check pass "the same, settling by turns" -DLIMIT=2 -DSTORM -DFEW -DPOCKETS
	check pass "3 engines, 3 units, the limit changes once" -DN=3 -DLIMIT=3 -DOPS=2 -DFEW \
		-DSTORM -DONCE
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
