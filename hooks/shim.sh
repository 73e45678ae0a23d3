#!/bin/sh
# tracks hook shim, version 1
#
# A thin door between git and `tracks`. It holds no rules: those are in the program, which `tracks hooks run` starts.
# `tracks hooks install` fills in what stands between @ signs, each as a single-quoted word of sh:
#
#   @HOOK@      which hook this is: pre-commit, commit-msg, ...
#   @CHAINED@   the hook that was here before (<hook>.before-tracks), or nothing
#   @TRACKS@    where the program was at install time, for when it is not in PATH (a GUI starts git with a short PATH)
#   @BRANCHES@  the branches of the tracks, separated by blanks
#   @MISSING@   what to do without the program: refuse or warn

hook=@HOOK@
chained=@CHAINED@
recorded=@TRACKS@
branches=@BRANCHES@
missing=@MISSING@

unset input
tracks=$(command -v tracks) || tracks=$recorded

# The program is gone. A commit or a push from a track's branch would pass unjudged: say so, and where it is wished, stop.
without_tracks() {
    case $hook in pre-commit | pre-push) ;; *) return 0 ;; esac
    branch=$(git symbolic-ref --quiet --short HEAD) || return 0
    case " $branches " in *" $branch "*) ;; *) return 0 ;; esac
    echo "tracks: the $hook hook needs the program \`tracks\`, which is neither in PATH nor at ${recorded:-its old place}: install it and run \`tracks hooks install\`, or go past the hook this once with --no-verify." >&2
    [ "$missing" != refuse ]
}

# Git starts reference-transaction several times for one commit, and it can say no in one phase only.
nothing_to_say() {
    [ "$hook" = reference-transaction ] && [ "$1" != prepared ]
}

run_tracks() {
    if nothing_to_say "$@"; then
        return 0
    elif [ -x "$tracks" ]; then
        "$tracks" hooks run "$hook" -- "$@"
    else
        without_tracks
    fi
}

# Nobody was here before: there is nothing to pass on, so this process becomes the program.
if [ -z "$chained" ] || [ ! -x "$chained" ]; then
    if [ -x "$tracks" ] && ! nothing_to_say "$@"; then
        exec "$tracks" hooks run "$hook" -- "$@"
    fi
    run_tracks "$@"
    exit
fi

# The older hook goes first: a formatter may still change what is to be committed, and `tracks` judges what comes out.
# Where git only tells what has happened, a failure changes nothing, and both are told.
case $hook in
    pre-push | post-rewrite | reference-transaction | pre-receive | post-receive)
        # Both read the same stdin. The dot keeps line ends at the end, which $(…) would drop.
        input=$(cat && echo .)
        input=${input%.}
        printf '%s' "$input" | "$chained" "$@"
        status=$?
        ;;
    *)
        "$chained" "$@"
        status=$?
        ;;
esac
case $hook in
    post-*) ;;
    *) [ "$status" -eq 0 ] || exit "$status" ;;
esac
if [ -n "${input+set}" ]; then
    printf '%s' "$input" | run_tracks "$@"
else
    run_tracks "$@"
fi
