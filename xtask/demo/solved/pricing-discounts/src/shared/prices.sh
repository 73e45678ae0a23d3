# Prices, in cents. Every other file asks here.
. src/shared/types.sh

# order_total QUANTITY UNIT_PRICE [DISCOUNT_PERCENT]: what an order line costs, VAT included.
order_total() {
    net=$(($1 * $2 * (100 - ${3:-0}) / 100))
    echo $((net + net * VAT_PERCENT / 100))
}

# shown CENTS: the way a customer reads it.
shown() {
    printf '%d.%02d %s\n' $(($1 / 100)) $(($1 % 100)) "$CURRENCY"
}
