# volume_discount QUANTITY: how many percent less from ten pieces on.
volume_discount() {
    if [ "$1" -ge 10 ]; then echo 5; else echo 0; fi
}
