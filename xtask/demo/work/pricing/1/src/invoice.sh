# Invoices.
. src/shared/prices.sh

# invoice_line NAME QUANTITY UNIT_PRICE
invoice_line() {
    printf '%s x %s = %s\n' "$2" "$1" "$(shown "$(order_total "$2" "$3")")"
}
