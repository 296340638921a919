//! letters STORE ISSUE RSA ED25519 SECONDS: how many messages of a confirmed
//! mailing one core makes a second, bare and signed, beside SHA-256 and base64 of
//! the same octets. Each line of the output is a name, how many a second, and
//! octets.
//!
//! Time is that which the core worked for us, as `openssl speed` counts it. The
//! measures take turns, so that all of them see the same machine.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use letterpress::email::Composition;
use letterpress::email::dkim::{Signer, SigningKey};
use letterpress::store::{Sqlite, Store};
use letterpress::subscriber::{Address, Key, Recipient};

/// Recipients, so that no message is the one before.
const RECIPIENTS: usize = 1000;
/// How often the measures take turns.
const TURNS: u32 = 10;
/// Messages between two looks at the clock.
const PIECE: usize = 50;

/// Does its work for one recipient; says how many octets it made.
type Work<'a> = Box<dyn Fn(&Recipient) -> Result<usize, Box<dyn Error>> + 'a>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, issue, rsa, ed25519, seconds] = arguments.as_slice() else {
        return Err("usage: letters STORE ISSUE RSA ED25519 SECONDS".into());
    };
    let mail = frozen(Path::new(store), issue)?;
    let key = Key::new(vec![7; 32])?;
    let recipients: Vec<Recipient> = (0..RECIPIENTS).map(recipient).collect::<Result<_, _>>()?;
    let sample = mail.message(Some(&key), None, &recipients[0])?.bytes;
    let (rsa, ed25519) = (signer(rsa)?, signer(ed25519)?);
    let made = |signer: Option<&Signer>, recipient: &Recipient| -> Result<usize, Box<dyn Error>> {
        Ok(black_box(mail.message(Some(&key), signer, recipient)?)
            .bytes
            .len())
    };
    let measures: [(&str, Work<'_>); 4] = [
        (
            "yardstick",
            Box::new(|_| {
                for _ in 0..2 {
                    black_box(digest(&SHA256, black_box(&sample)));
                    black_box(STANDARD.encode(black_box(&sample)));
                }
                Ok(sample.len())
            }),
        ),
        ("unsigned", Box::new(|recipient| made(None, recipient))),
        ("rsa", Box::new(|recipient| made(Some(&rsa), recipient))),
        (
            "ed25519",
            Box::new(|recipient| made(Some(&ed25519), recipient)),
        ),
    ];
    let turn = Duration::from_secs_f64(seconds.parse::<f64>()?) / TURNS;
    let mut spent = [(0_usize, Duration::ZERO, 0_usize); 4];
    for _ in 0..TURNS {
        for ((_, work), (count, time, octets)) in measures.iter().zip(&mut spent) {
            let begun = worked()?;
            let mut so_far = Duration::ZERO;
            while so_far < turn {
                for recipient in recipients
                    .iter()
                    .cycle()
                    .skip(*count % RECIPIENTS)
                    .take(PIECE)
                {
                    *octets = work(recipient)?;
                }
                *count += PIECE;
                so_far = worked()? - begun;
            }
            *time += so_far;
        }
    }
    for ((name, _), (count, time, octets)) in measures.iter().zip(spent) {
        println!("{name} {:.1} {octets}", count as f64 / time.as_secs_f64());
    }
    Ok(())
}

/// The content of a confirmed mailing, as `send` takes it from the store.
fn frozen(store: &Path, issue: &str) -> Result<Composition, Box<dyn Error>> {
    let store = Sqlite::open(store)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mailing = runtime.block_on(store.mailing_of(issue))?;
    let mailing = mailing.ok_or("the issue has no mailing")?;
    Ok(Composition::thaw(
        &runtime.block_on(store.content(mailing.id))?,
    )?)
}

fn signer(key: &str) -> Result<Signer, Box<dyn Error>> {
    let key = SigningKey::parse(&fs::read(key)?)?;
    Ok(Signer::new("example.org", "bench", key))
}

fn recipient(number: usize) -> Result<Recipient, Box<dyn Error>> {
    let address = Address::parse(&format!("reader{number:07}@d{:03}.example", number % 1000))?;
    Ok(Recipient::new(address).named(&format!("Reader {number}")))
}

/// How long the kernel let this thread work until now.
fn worked() -> Result<Duration, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().ok_or("no schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
