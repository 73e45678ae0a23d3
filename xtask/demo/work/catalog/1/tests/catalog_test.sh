. tests/expect.sh
. src/catalog/search.sh

found=$(printf 'green-tea 450\ncoffee 900\nblack-tea 400\n' | search tea | wc -l)
expect "two kinds of tea" "$((found))" 2
