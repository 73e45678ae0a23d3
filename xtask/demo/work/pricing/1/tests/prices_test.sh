. tests/expect.sh
. src/shared/prices.sh

expect "three at 5.00" "$(order_total 3 500)" 1800
expect "in words" "$(shown 1805)" "18.05 EUR"
