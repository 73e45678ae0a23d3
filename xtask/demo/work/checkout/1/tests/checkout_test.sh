. tests/expect.sh
. src/checkout/basket.sh

sum=$(printf '3 500\n1 1000\n' | basket_sum)
expect "a basket of two lines" "$sum" 3000
