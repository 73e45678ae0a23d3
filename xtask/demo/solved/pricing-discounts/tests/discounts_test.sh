. tests/expect.sh
. src/shared/prices.sh
. src/discounts/volume.sh

expect "ten at 5.00" "$(order_total 10 500 "$(volume_discount 10)")" 5700
expect "nine at 5.00" "$(order_total 9 500 "$(volume_discount 9)")" 5400
