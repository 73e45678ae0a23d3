#!/bin/sh
# tracks hook shim, version 2
#
# For hooks that only tell what has happened: post-commit, post-merge, post-checkout. Nobody waits for what `tracks` does then.
# `tracks hooks install` fills in what stands between @ signs, each as a single-quoted word of sh; see shim.sh.

hook=@HOOK@
program=@TRACKS@
chained=@CHAINED@
case $chained in "$hook".*) chained=${0%/*}/$chained ;; esac

# See shim.sh.
if [ -n "${TRACKS_HOOKS_PROBE-}" ]; then
    [ -x "$program" ] || program=$(command -v tracks) || exit 0
    exec "$program" hooks run "$hook" -- "$@"
fi

# Files of the same branch were checked out, which is nothing new to anybody.
news=yes
[ "$hook" != post-checkout ] || [ "$3" = 1 ] || news=

if [ -n "$news" ]; then
    [ -x "$program" ] || program=$(command -v tracks)
    # With nothing of ours to hold open: whoever reads what git says would wait for its end.
    [ -z "$program" ] || "$program" hooks run "$hook" -- "$@" </dev/null >/dev/null 2>&1 &
fi

if [ -n "$chained" ] && [ -x "$chained" ] && [ "${TRACKS_SHIM-}" != "$hook $PWD" ]; then
    TRACKS_SHIM="$hook $PWD" exec "$chained" "$@"
fi
exit 0
