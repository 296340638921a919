#!/usr/bin/env bash
# Kills the program in the middle of mailings, many more times than `cargo test`
# does. LETTERPRESS_KILLS says how often, LETTERPRESS_KILL_SEED what is drawn.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LETTERPRESS_KILLS=${LETTERPRESS_KILLS:-50}
export LETTERPRESS_KILL_SEED=${LETTERPRESS_KILL_SEED:-$(date +%s)}
cargo test --locked --test letterpress kill::nobody -- --nocapture
