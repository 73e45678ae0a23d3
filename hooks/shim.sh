#!/bin/sh
# tracks hook shim, version 2
#
# A thin door between git and `tracks`. It holds no rules: those are in the program, which `tracks hooks run` starts.
# `tracks hooks install` fills in what stands between @ signs, each as a single-quoted word of sh.

# Which hook this is: pre-commit, commit-msg, ...
hook=@HOOK@
# Where the program was at install time.
program=@TRACKS@
# The hook that was here before, or nothing. A relative path is looked for where git starts hooks: at the top of the worktree;
# a mere name, beside this script, wherever the repository is moved or mounted.
chained=@CHAINED@
# The branches of tracks from which nothing is committed or pushed without the program, separated by blanks.
branches=@BRANCHES@

case $chained in "$hook".*) chained=${0%/*}/$chained ;; esac

recorded=$program
[ -x "$program" ] || program=$(command -v tracks) || program=

# `tracks hooks status` asks whether git gets as far as here: nobody else is started, and nothing is judged.
if [ -n "${TRACKS_HOOKS_PROBE-}" ]; then
    [ -z "$program" ] || exec "$program" hooks run "$hook" -- "$@"
    exit 0
fi

# The program is gone, and a commit or a push would pass unjudged.
without_tracks() {
    [ "${TRACKS_HOOKS-}" != 0 ] || return 0
    case $hook in pre-commit | pre-push) ;; *) return 0 ;; esac
    branch=$(git symbolic-ref --quiet --short HEAD) || branch=
    case " $branches " in
        *" ${branch:-/} "*) refused=", or go past the hook this once with --no-verify" ;;
        *) refused= ;;
    esac
    echo "tracks: the $hook hook needs the program \`tracks\`, which is neither at $recorded nor in PATH: install it and run \`tracks hooks install\`$refused." >&2
    [ -z "$refused" ]
}

# Nobody was here before: there is nothing to pass on, so this process becomes the program.
if [ -z "$chained" ] || [ ! -x "$chained" ]; then
    [ -z "$program" ] || exec "$program" hooks run "$hook" -- "$@"
    without_tracks
    exit
fi

# The hook that was here before may have taken this one into its own chain, and would call it for ever.
[ "${TRACKS_SHIM-}" != "$hook $PWD" ] || exit 0

older() {
    TRACKS_SHIM="$hook $PWD" "$chained" "$@"
}

newer() {
    [ -z "$program" ] || exec "$program" hooks run "$hook" -- "$@"
    without_tracks
}

# The older hook goes first: a formatter may still change what is to be committed, and `tracks` judges what comes out.
case $hook in
    pre-push | pre-receive)
        # Both read the same stdin. The dot keeps line ends at the end, which $(…) would drop.
        input=$(cat && echo .)
        input=${input%.}
        printf '%s' "$input" 2>/dev/null | older "$@" || exit
        printf '%s' "$input" 2>/dev/null | newer "$@"
        ;;
    *)
        older "$@" || exit
        newer "$@"
        ;;
esac
