#!/bin/sh
# For the units that run etcd: run-etcd.sh FOLDER. Writes FOLDER/process.json and becomes etcd, whose configuration is in the
# environment. Number, start (field 22 of its stat) and boot name a process for good, and stay the same through exec.
set -eu
folder=$1
read -r stat </proc/$$/stat
boot=$(cat /proc/sys/kernel/random/boot_id)
# The second field is the name in brackets; what comes after it begins with the third.
set -- ${stat##*) }
printf '{"pid":%s,"startTicks":%s,"bootId":"%s"}\n' "$$" "${20}" "$boot" >"$folder/process.json.new"
mv "$folder/process.json.new" "$folder/process.json"
exec etcd
