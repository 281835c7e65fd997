# A full disk ends the sweep with exit code 3 and its reason; what was finished is kept, and with room again the same
# command completes. Needs the right to mount a small tmpfs.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
mkdir "$work/disk"
if ! mount -t tmpfs -o size=1m tmpfs "$work/disk" 2> /dev/null; then
    echo "skipped: no right to mount a tmpfs"
    exit 77
fi

dd if=/dev/zero of="$work/disk/ballast" bs=1k count=1024 2> /dev/null
run 3 sweep "$work/small.cfg" --out "$work/disk/run"
expect 3 "No space left on device" "disk that is full from the start"
rm -rf "$work/disk/run" "$work/disk/ballast"

# How full the disk is after which task depends on the timing of the ranks: the smallest size that lets one task end.
fill_up() {
    local kilobytes
    for kilobytes in $(seq 340 40 1020); do
        rm -rf "$work/disk/run"
        mount -o remount,size=${kilobytes}k "$work/disk"
        run $1 sweep "$work/small.cfg" --out "$work/disk/run"
        [ $code = 3 ] || return
        finished "$work/disk/run" 1 && return
    done
}

for ranks in 1 3; do
    fill_up $ranks
    expect 3 "No space left on device" "disk that fills up, $ranks ranks"
    check "some task file is there, complete" finished "$work/disk/run" 1
    before=$(task_files "$work/disk/run" | wc -l)
    mount -o remount,size=20m "$work/disk"
    run 2 sweep "$work/small.cfg" --out "$work/disk/run"
    expect 0 "8 tasks done, 0 failed" "the same command with room again"
    check "finished tasks were kept" grep -q "^[^ ]* $before of 8 tasks were finished" "$work/out"
    [ $ranks = 1 ] && run 1 sweep "$work/small.cfg" --out "$work/whole"
    check "results equal those of a roomy disk" same_results "$work/whole" "$work/disk/run"
    rm -rf "$work/disk/run"
done
finish
