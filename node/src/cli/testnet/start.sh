#!/bin/sh
# Starts the nodes of this network that do not run, waits until they answer, and prints their URLs. COFFER names another program.
set -eu
cd "$(dirname "$0")"
program=${COFFER:-@PROGRAM@}
runs() { [ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null; }

for node in node-*; do
    runs "$node" && continue
    : >"$node/ready.json"
    nohup "$program" run --config "$node/coffer.toml" --data "$node/data" --json </dev/null >"$node/ready.json" 2>>"$node/log.txt" &
    echo "$!" >"$node/pid"
done
for node in node-*; do
    tries=600
    while [ ! -s "$node/ready.json" ]; do
        tries=$((tries - 1))
        if ! runs "$node" || [ "$tries" -eq 0 ]; then
            echo "$node does not start; the end of $node/log.txt:" >&2
            tail -n 5 "$node/log.txt" >&2
            exit 1
        fi
        sleep 0.1
    done
    echo "$node $(sed -n 's/.*"rpc":"\([^"]*\)".*/\1/p' "$node/ready.json")"
done
