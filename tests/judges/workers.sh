#!/usr/bin/env bash
# Kills, stops and cuts off three workers of one PostgreSQL, and the server, many
# more times than `cargo test` does. Each worker has a network namespace of its own,
# so that packets are lost and not only held up: wants root and Debian's iproute2.
# LETTERPRESS_KILLS says how often, LETTERPRESS_KILL_SEED what is drawn.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${LETTERPRESS_TEST_POSTGRES:?names the server}" "${LETTERPRESS_TEST_POSTGRES_CRASH:?kills it}"
export LETTERPRESS_KILLS=${LETTERPRESS_KILLS:-30}
export LETTERPRESS_TEST_NAMESPACES=yes
export LETTERPRESS_KILL_SEED=${LETTERPRESS_KILL_SEED:-$(date +%s)}
cargo test --locked --test letterpress kill::workers -- --nocapture
