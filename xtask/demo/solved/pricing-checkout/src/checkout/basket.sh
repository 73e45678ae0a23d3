# A basket, one line per item on stdin: QUANTITY UNIT_PRICE.
. src/shared/prices.sh

# basket_sum: what the whole basket costs.
basket_sum() {
    sum=0
    while read -r quantity unit_price; do
        sum=$((sum + $(order_total "$quantity" "$unit_price")))
    done
    echo "$sum"
}
