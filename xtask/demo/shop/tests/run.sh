# Runs every tests/*_test.sh in a shell of its own. Needs nothing but sh.
failed=0
for test in tests/*_test.sh; do
    if sh "$test"; then
        echo "ok      $test"
    else
        echo "FAILED  $test"
        failed=1
    fi
done
exit $failed
