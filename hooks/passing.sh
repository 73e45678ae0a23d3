#!/bin/sh
# tracks hook shim, version 2
#
# A hook that is none of ours. Git is sent here instead of to the directory of hooks that counted before, so this goes on to
# what is there. `tracks hooks install` fills in what stands between @ signs, each as a single-quoted word of sh; see shim.sh.

hook=@HOOK@
chained=@CHAINED@

[ -x "$chained" ] && [ "${TRACKS_SHIM-}" != "$hook $PWD" ] || exit 0
TRACKS_SHIM="$hook $PWD" exec "$chained" "$@"
