# The catalog, one product per line on stdin: NAME UNIT_PRICE.

# search WORD: the products whose name holds the word.
search() {
    while read -r name unit_price; do
        case $name in *"$1"*) echo "$name $unit_price" ;; esac
    done
}
