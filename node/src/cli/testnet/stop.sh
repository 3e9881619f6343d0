#!/bin/sh
# Stops the nodes of this network in order and waits until they are gone.
set -eu
cd "$(dirname "$0")"
runs() { [ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null; }

for node in node-*; do
    if runs "$node"; then kill "$(cat "$node/pid")"; fi
done
for node in node-*; do
    while runs "$node"; do sleep 0.1; done
    rm -f "$node/pid"
done
