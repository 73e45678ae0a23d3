# What every part of the shop agrees on.
CURRENCY=EUR
VAT_PERCENT=20
