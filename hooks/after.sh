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
# What `tracks` itself has git do, it tells by itself; and whoever wants no machine time spent in the background says so.
[ "${TRACKS_MOVES-}" != 1 ] && [ "${TRACKS_NEWS-}" != 0 ] && [ "${TRACKS_HOOKS-}" != 0 ] || news=

if [ -n "$news" ]; then
    [ -x "$program" ] || program=$(command -v tracks) || program=
    # It holds nothing of ours open: whoever reads what git says would wait for its end, and so would whoever waits for a lock
    # that the caller of git has on a descriptor of its own. Nothing but the program goes into the background, since a shell
    # that waits for it there would hold all of that.
    if [ -n "$program" ]; then
        "$program" hooks run "$hook" -- "$@" \
            </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    fi
fi

if [ -n "$chained" ] && [ -x "$chained" ] && [ "${TRACKS_SHIM-}" != "$hook $PWD" ]; then
    TRACKS_SHIM="$hook $PWD" exec "$chained" "$@"
fi
exit 0
