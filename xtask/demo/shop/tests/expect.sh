# expect WHAT ACTUAL EXPECTED: ends the test at the first difference.
expect() {
    if [ "$2" != "$3" ]; then
        echo "$1: expected '$3', got '$2'" >&2
        exit 1
    fi
}
