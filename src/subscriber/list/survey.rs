use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::subscriber::list::line::{Item, Line, Remark, What};
use crate::subscriber::person::Status;

/// Names an address in 16 octets; a million of them fit into memory.
type Name = [u8; 16];

/// A first look over all lines of a list: which addresses it names more than
/// once.
#[derive(Debug, Default)]
pub struct Survey {
    seen: Vec<Name>,
    left: Vec<Name>,
    lines: u64,
}

/// What a survey found. It is asked about the same lines in the same order.
#[derive(Debug, Default)]
pub struct Repeats(BTreeMap<Name, Repeat>);

#[derive(Debug, Default)]
struct Repeat {
    left: bool,
    first: Option<u64>,
}

impl Survey {
    /// Takes note of a line.
    pub fn note(&mut self, line: &Line) {
        self.lines += 1;
        let What::Item(item) = &line.what else { return };
        let Some(name) = name(item) else { return };
        self.seen.push(name);
        let left = match item {
            Item::Entry(entry) => {
                entry.suppression.is_some() || entry.subscriber.status == Status::Unsubscribed
            }
            _ => true,
        };
        if left {
            self.left.push(name);
        }
    }

    /// How many lines were noted.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Ends the look.
    pub fn repeats(mut self) -> Repeats {
        self.seen.sort_unstable();
        self.left.sort_unstable();
        let mut repeats = BTreeMap::new();
        for pair in self.seen.windows(2) {
            if pair[0] == pair[1] {
                let left = self.left.binary_search(&pair[0]).is_ok();
                repeats.insert(pair[0], Repeat { left, first: None });
            }
        }
        Repeats(repeats)
    }
}

impl Repeats {
    /// Makes a line fit what others of the list say: who left by one of them is
    /// confirmed by none. Gives the line that had the address first.
    pub fn settle(&mut self, line: &mut Line) -> Option<u64> {
        let What::Item(item) = &mut line.what else {
            return None;
        };
        if self.0.is_empty() {
            return None;
        }
        let repeat = self.0.get_mut(&name(item)?)?;
        if let Item::Entry(entry) = item
            && repeat.left
            && entry.suppression.is_none()
            && entry.subscriber.status == Status::Confirmed
        {
            entry.subscriber.status = Status::Pending;
            line.remarks.push(Remark::LeftElsewhere);
        }
        match repeat.first {
            Some(first) => Some(first),
            None => {
                repeat.first = Some(line.number);
                None
            }
        }
    }
}

fn name(item: &Item) -> Option<Name> {
    let digest = Sha256::digest(item.address()?.key());
    digest.first_chunk().copied()
}
