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

# The branches of tracks and of the integration, with refs/heads/, one a line.
refs=@REFS@

# `tracks` itself moves refs only after it has judged.
if [ "$1" = prepared ] && [ "${TRACKS_MOVES-}" != 1 ]; then ours=yes; else ours=; fi
older=
if [ -n "$chained" ] && [ -x "$chained" ] && [ "${TRACKS_SHIM-}" != "reference-transaction $PWD" ]; then older=yes; fi
[ -n "$ours$older" ] || exit 0

# A line at a time is the quickest for the few that a commit has: a further process costs more than reading this many.
newline='
'
input=
lines=0
while [ "$lines" -lt 32 ] && { IFS= read -r line || [ -n "$line" ]; }; do
    input=$input$line$newline
    lines=$((lines + 1))
done

# Of the many that a fetch has, those go on that may be about a branch of ours. In C every byte is a letter.
maybe_ours() {
    LC_ALL=C grep -F -e "$refs"
}

if [ -n "$older" ]; then
    if [ "$lines" -eq 32 ]; then
        rest=$(cat)
        input=$input$rest${rest:+$newline}
    fi
    printf '%s' "$input" 2>/dev/null | TRACKS_SHIM="reference-transaction $PWD" "$chained" "$@" || exit
    [ -n "$ours" ] || exit 0
    if [ "$lines" -eq 32 ]; then
        input=$(printf '%s' "$input" | maybe_ours) || exit 0
        input=$input$newline
    fi
elif [ "$lines" -eq 32 ] && rest=$(maybe_ours); then
    input=$input$rest$newline
fi

for ref in $refs; do
    case $input in
        *" $ref$newline"*)
            [ -x "$program" ] || program=$(command -v tracks) || exit 0
            printf '%s' "$input" 2>/dev/null | "$program" hooks run reference-transaction -- "$@"
            exit
            ;;
    esac
done
exit 0
