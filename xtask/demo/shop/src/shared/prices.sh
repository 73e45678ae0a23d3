# Prices, in cents. Every other file asks here.
. src/shared/types.sh

# total QUANTITY UNIT_PRICE: what an order line costs, VAT included.
total() {
    net=$(($1 * $2))
    echo $((net + net * VAT_PERCENT / 100))
}

# shown CENTS: the way a customer reads it.
shown() {
    printf '%d.%02d %s\n' $(($1 / 100)) $(($1 % 100)) "$CURRENCY"
}
