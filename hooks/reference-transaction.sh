#!/bin/sh
# tracks hook shim, version 2
#
# Git starts this several times for one commit, so it is gone at once unless it can still refuse and is about a branch of ours.
# `tracks hooks install` fills in what stands between @ signs, each as a single-quoted word of sh; see shim.sh.

chained=@CHAINED@
[ "$1" = prepared ] || [ -n "$chained" ] || [ -n "${TRACKS_HOOKS_PROBE-}" ] || exit 0
program=@TRACKS@
case $chained in reference-transaction.*) chained=${0%/*}/$chained ;; esac

# See shim.sh.
if [ -n "${TRACKS_HOOKS_PROBE-}" ]; then
    [ -x "$program" ] || program=$(command -v tracks) || exit 0
    exec "$program" hooks run reference-transaction -- "$@"
fi

# The branches of tracks and of the integration, with refs/heads/, separated by blanks.
refs=@REFS@

# `tracks` itself moves refs only after it has judged.
if [ "$1" = prepared ] && [ "${TRACKS_MOVES-}" != 1 ]; then ours=yes; else ours=; fi
older=
if [ -n "$chained" ] && [ -x "$chained" ] && [ "${TRACKS_SHIM-}" != "reference-transaction $PWD" ]; then older=yes; fi
[ -n "$ours$older" ] || exit 0

# A line at a time is the quickest for the few that a commit has, and all at once for the many that a fetch has.
newline='
'
input=
lines=0
while [ "$lines" -lt 16 ] && IFS= read -r line; do
    input=$input$line$newline
    lines=$((lines + 1))
done
if [ "$lines" -eq 16 ]; then
    rest=$(cat && echo .)
    input=$input${rest%.}
fi

if [ -n "$older" ]; then
    printf '%s' "$input" | TRACKS_SHIM="reference-transaction $PWD" "$chained" "$@" || exit
fi
[ -n "$ours" ] || exit 0
for ref in $refs; do
    case $input in
        *" $ref$newline"*)
            [ -x "$program" ] || program=$(command -v tracks) || exit 0
            printf '%s' "$input" | "$program" hooks run reference-transaction -- "$@"
            exit
            ;;
    esac
done
exit 0
