//! The ways of three workers to their database and their relay, each of which can
//! be cut. Usually each way leads through a program that stalls it. Where
//! LETTERPRESS_TEST_NAMESPACES is set, each worker has a network namespace of its
//! own instead: packets are lost, as between machines. That needs root.

use std::process::Command;

use tokio::runtime::Runtime;

use crate::kill::cut::Cut;

/// What a worker is cut off from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Database,
    Relay,
    Both,
}

/// All ways of all workers.
pub(crate) enum Ways {
    Programs {
        to_database: Vec<Cut>,
        to_relay: Vec<Cut>,
    },
    Namespaces(Net),
}

impl Ways {
    /// Makes those of so many workers to ports of this machine.
    pub(crate) fn new(runtime: &Runtime, workers: usize, database: u16, relay: u16) -> Ways {
        if std::env::var_os("LETTERPRESS_TEST_NAMESPACES").is_some() {
            let mut net = Net::new(workers);
            let databases = runtime.block_on(Cut::start(&net.address(DATABASE), database));
            let relays = runtime.block_on(Cut::start(&net.address(RELAY), relay));
            net.ports = (databases.port(), relays.port());
            return Ways::Namespaces(net);
        }
        let cuts = |to| {
            let one = |_| runtime.block_on(Cut::start("127.0.0.1", to));
            (0..workers).map(one).collect()
        };
        Ways::Programs {
            to_database: cuts(database),
            to_relay: cuts(relay),
        }
    }

    /// Where a worker finds its database.
    pub(crate) fn database(&self, worker: usize) -> (String, u16) {
        match self {
            Ways::Programs { to_database, .. } => {
                ("127.0.0.1".to_owned(), to_database[worker].port())
            }
            Ways::Namespaces(net) => (net.address(DATABASE), net.ports.0),
        }
    }

    /// Where a worker finds its relay.
    pub(crate) fn relay(&self, worker: usize) -> (String, u16) {
        match self {
            Ways::Programs { to_relay, .. } => ("127.0.0.1".to_owned(), to_relay[worker].port()),
            Ways::Namespaces(net) => (net.address(RELAY), net.ports.1),
        }
    }

    /// The same command as this worker runs it.
    pub(crate) fn of(&self, worker: usize, command: Command) -> Command {
        match self {
            Ways::Programs { .. } => command,
            Ways::Namespaces(net) => inside(&net.name(worker), &command),
        }
    }

    /// Cuts a worker's way, or mends it.
    pub(crate) fn cut(&self, worker: usize, from: From, is_cut: bool) {
        match self {
            Ways::Programs {
                to_database,
                to_relay,
            } => {
                if from != From::Relay {
                    to_database[worker].cut(is_cut);
                }
                if from != From::Database {
                    to_relay[worker].cut(is_cut);
                }
            }
            Ways::Namespaces(net) => match from {
                From::Database => net.lose(worker, DATABASE, is_cut),
                From::Relay => net.lose(worker, RELAY, is_cut),
                From::Both => net.unplug(worker, is_cut),
            },
        }
    }
}

/// Hosts of the network: what the workers talk to, and the first of them.
const DATABASE: usize = 1;
const RELAY: usize = 2;
const FIRST: usize = 11;

/// A bridge of this machine, and a namespace for each worker behind it.
pub(crate) struct Net {
    number: u32,
    workers: usize,
    ports: (u16, u16),
}

impl Net {
    fn new(workers: usize) -> Net {
        let net = Net {
            number: std::process::id() % 254 + 1,
            workers,
            ports: (0, 0),
        };
        let bridge = net.bridge();
        ip(&format!("link add {bridge} type bridge"));
        for host in [DATABASE, RELAY] {
            ip(&format!("addr add {}/24 dev {bridge}", net.address(host)));
        }
        ip(&format!("link set {bridge} up"));
        for worker in 0..workers {
            let (name, plug) = (net.name(worker), net.plug(worker));
            let address = net.address(FIRST + worker);
            ip(&format!("netns add {name}"));
            ip(&format!(
                "link add {plug} type veth peer name eth0 netns {name}"
            ));
            ip(&format!("link set {plug} master {bridge} up"));
            ip(&format!("-n {name} addr add {address}/24 dev eth0"));
            ip(&format!("-n {name} link set eth0 up"));
            ip(&format!("-n {name} link set lo up"));
        }
        net
    }

    fn bridge(&self) -> String {
        format!("lpbr{}", self.number)
    }

    fn name(&self, worker: usize) -> String {
        format!("letterpress-{}-{worker}", self.number)
    }

    fn plug(&self, worker: usize) -> String {
        format!("lpv{}x{worker}", self.number)
    }

    fn address(&self, host: usize) -> String {
        format!("10.77.{}.{host}", self.number)
    }

    /// Of what a host here says, nothing reaches this worker any more.
    fn lose(&self, worker: usize, host: usize, is_cut: bool) {
        let (what, from, to) = (
            if is_cut { "add" } else { "del" },
            self.address(host),
            self.address(FIRST + worker),
        );
        ip(&format!("rule {what} from {from} to {to} blackhole"));
    }

    fn unplug(&self, worker: usize, is_cut: bool) {
        let state = if is_cut { "down" } else { "up" };
        ip(&format!("link set {} {state}", self.plug(worker)));
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        let names = (0..self.workers).map(|worker| format!("netns del {}", self.name(worker)));
        for words in names.chain([format!("link del {}", self.bridge())]) {
            // What a test that failed left half made may not be there.
            let _ = Command::new("ip").args(words.split(' ')).status();
        }
    }
}

fn ip(words: &str) {
    let done = Command::new("ip").args(words.split(' ')).output();
    let done = done.unwrap_or_else(|cause| panic!("ip, of iproute2, does not run: {cause}"));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ip {words}: {said}");
}

fn inside(namespace: &str, command: &Command) -> Command {
    let mut whole = Command::new("ip");
    whole
        .args(["netns", "exec", namespace])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        whole.current_dir(folder);
    }
    whole
}
