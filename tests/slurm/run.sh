# A real Slurm of one node, with daemons, ports and files of its own, only for this test: a job under mpirun, an array
# of four on one directory, a job that hits its time limit and is requeued, a cancelled job. All leave the results of
# one undisturbed mpirun. bash tests/slurm/run.sh BITFRONT COMPARE Needs root, and the packages slurm-wlm and munge (it
# says so and returns 77).
. tests/support/e2e.sh
for tool in slurmctld slurmd munged sbatch; do
    command -v $tool > /dev/null || { echo "skipped: $tool is missing (apt-get install slurm-wlm munge)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can start Slurm"; exit 77; }

small_sweep "$work/small.cfg"
longer=(--set warmup.epochs=40 --set search.epochs=60 --set finetune.epochs=60 --deadline 2)
cd "$work" || exit 1
run 3 sweep small.cfg --out "$work/whole" "${longer[@]}"
[ $code = 0 ] || { cat "$work/out"; exit 1; }
mkdir build
ln -s "$program" "$(dirname "$program")/bitfront-run" build/

# ---- the cluster ----
host=$(hostname -s)
port=$((21000 + $$ % 8000))
chmod 755 "$work" # munged wants its socket to be reachable
mkdir -m 755 slurm slurm/state slurm/spool
dd if=/dev/urandom of=slurm/munge.key bs=1k count=1 2> /dev/null
chmod 400 slurm/munge.key
cat > slurm/slurm.conf << END
ClusterName=bitfronttest
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$work/slurm/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$work/slurm/state
SlurmdSpoolDir=$work/slurm/spool
SlurmctldPidFile=$work/slurm/slurmctld.pid
SlurmdPidFile=$work/slurm/slurmd.pid
SlurmctldLogFile=$work/slurm/slurmctld.log
SlurmdLogFile=$work/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_min_interval=100000
ReturnToService=2
InactiveLimit=0
KillWait=10
MinJobAge=3600
OverTimeLimit=0
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
END
export SLURM_CONF=$work/slurm/slurm.conf
daemons=()
end_cluster() {
    scancel --user=root > /dev/null 2>&1
    [ ${#daemons[@]} = 0 ] || kill "${daemons[@]}" 2> /dev/null
    wait 2> /dev/null
    pkill -9 -f -- "$work/" 2> /dev/null
}
trap 'end_cluster; leave' EXIT
munged --foreground --force --key-file="$work/slurm/munge.key" --socket="$work/slurm/munge.socket" \
    --pid-file="$work/slurm/munge.pid" --log-file="$work/slurm/munge.log" --seed-file="$work/slurm/munge.seed" \
    > slurm/munged.out 2>&1 &
daemons+=($!)
for _ in $(seq 100); do [ -S slurm/munge.socket ] && break; sleep 0.1; done
slurmctld -D -f "$SLURM_CONF" > slurm/slurmctld.out 2>&1 &
daemons+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" > slurm/slurmd.out 2>&1 &
daemons+=($!)
ready() { sinfo -h -o %t 2> /dev/null | grep -qx idle; }
for _ in $(seq 200); do ready && break; sleep 0.1; done
if ! ready; then
    echo "NOT OK: Slurm does not start"
    tail -n 5 slurm/*.out slurm/*.log
    exit 1
fi

# ---- jobs ----
state_of() { squeue -h -j "$1" -t all -o %T 2> /dev/null | sort -u | tr '\n' ' '; }
wait_ended() { # wait_ended JOB: up to two minutes
    for _ in $(seq 600); do
        case $(state_of "$1") in
            *RUNNING* | *PENDING* | *COMPLETING* | *REQUEUE* | *CONFIGURING*) ;;
            *) return 0 ;;
        esac
        sleep 0.2
    done
    squeue -t all
    return 1
}
wait_for_file() { # wait_for_file PATTERN: up to 60 s
    for _ in $(seq 600); do
        compgen -G "$1" > /dev/null && return 0
        sleep 0.1
    done
    return 1
}
finished() { # finished "what" RUN LOG
    cat $3 > "$work/out" 2> /dev/null
    check "$1: all tasks are done" test "$(task_files "$2" | wc -l)" = 8
    check "$1: status.json says done" grep -q '"state": "done"' "$2/status.json"
    check "$1: results equal those of one mpirun" same_results "$work/whole" "$2"
}

job=$(sbatch --parsable --chdir="$work" --ntasks=2 \
    "$root/configs/slurm/sweep.sbatch" small.cfg --out "$work/one" "${longer[@]}")
wait_ended "$job"
check "one job: ends well" test "$(state_of "$job")" = "COMPLETED "
check "one job: two tasks, two workers" grep -q "8 tasks on 2 ranks" "bitfront-$job.log"
finished "one job" "$work/one" "bitfront-$job.log"

job=$(sbatch --parsable --chdir="$work" --ntasks=1 \
    "$root/configs/slurm/array.sbatch" small.cfg --out "$work/array" "${longer[@]}")
wait_ended "$job"
check "array of 4: ends well" test "$(state_of "$job")" = "COMPLETED "
check "array of 4: every job worked" test "$(cat bitfront-"${job}"_*.log | grep -c 'sweep small')" = 4
finished "array of 4" "$work/array" "bitfront-${job}_*.log"

# Time limits are whole minutes, and USR1 comes up to a minute early: with 30 s of notice it comes within the first
# ones.
job=$(sbatch --parsable --chdir="$work" --ntasks=1 --time=1 --signal=B:USR1@30 \
    "$root/configs/slurm/sweep.sbatch" small.cfg \
    --out "$work/limit" "${longer[@]}" --set search.epochs=60)
for _ in $(seq 900); do
    grep -q "goes back into the queue" "bitfront-$job.log" 2> /dev/null && break
    sleep 0.1
done
cat "bitfront-$job.log" > "$work/out"
scontrol update JobId="$job" TimeLimit=20 # once is enough
check "time limit: stopped and queued again" grep -q "job $job goes back into the queue" "bitfront-$job.log"
# Slurm lets a requeued job wait for two minutes.
for _ in $(seq 600); do
    [ "$(grep -c '^sweep small' "bitfront-$job.log")" -gt 1 ] && break
    sleep 0.5
done
wait_ended "$job"
check "time limit: started more than once" test "$(grep -c '^sweep small' "bitfront-$job.log")" -gt 1
finished "time limit" "$work/limit" "bitfront-$job.log"

job=$(sbatch --parsable --chdir="$work" --ntasks=2 \
    "$root/configs/slurm/sweep.sbatch" small.cfg --out "$work/cancel" "${longer[@]}")
check "scancel: a checkpoint appears" wait_for_file "$work/cancel/checkpoints/*.h5"
scancel "$job"
wait_ended "$job"
check "scancel: cancelled" test "$(state_of "$job")" = "CANCELLED "
check "scancel: something was left to do" test "$(task_files "$work/cancel" | wc -l)" -lt 8
job=$(sbatch --parsable --chdir="$work" --ntasks=3 \
    "$root/configs/slurm/sweep.sbatch" small.cfg --out "$work/cancel" "${longer[@]}")
wait_ended "$job"
finished "scancel and a new job" "$work/cancel" "bitfront-$job.log"
finish
