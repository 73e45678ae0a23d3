. tests/expect.sh
. src/invoice.sh

expect "an invoice line" "$(invoice_line tea 2 450)" "2 x tea = 10.80 EUR"
