//! The program is killed in the middle of mailings, again and again, and nobody
//! may be lost, mailed twice, or mailed who left.
//!
//! Half of the kills fall on moments of the dialogue that the relay sees, the
//! others on drawn times. LETTERPRESS_KILLS says how many must hit an
//! unfinished mailing, LETTERPRESS_KILL_SEED what is drawn.

mod books;
mod cut;
mod list;
mod ordeal;
mod random;
mod relay;
mod ways;
mod workers;

use crate::kill::ordeal::Ordeal;

/// So many kills of one mailing, then it may finish.
const KILLS_A_MAILING: usize = 10;

#[test]
fn nobody_is_lost_or_mailed_twice_however_often_the_program_is_killed() {
    let wanted = number("LETTERPRESS_KILLS", 6) as usize;
    let seed = number("LETTERPRESS_KILL_SEED", 1);
    let mut ordeal = Ordeal::new(seed);
    let mut kills = 0;
    // Kills that come too late are drawn again, but not for ever.
    for _ in 0..2 + wanted / 2 {
        if kills >= wanted {
            break;
        }
        kills += ordeal.mailing(KILLS_A_MAILING.min(wanted - kills));
    }
    let tale = ordeal.tale();
    assert!(
        kills >= wanted,
        "only {kills} of {wanted} kills hit an unfinished mailing (seed {seed}): {tale}"
    );
    // Cargo shows it to who asks for it.
    println!("{kills} kills, seed {seed}: {tale}");
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text:?}"))
    })
}
