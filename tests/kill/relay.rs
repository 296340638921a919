//! A mail relay on loopback that remembers whatever it takes, is slow, refuses
//! some, falls silent at times, and kills who talks to it when it was told to.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::kill::random::Random;

/// A moment of the dialogue in which the program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// MAIL is answered.
    AfterMail,
    /// Some of the content is there, and its end is not read yet.
    InContent,
    /// The message is taken over, and nobody was told.
    BeforeReply,
    /// So long after that was told: before, in or after the commit of it.
    AfterReply(Duration),
}

/// A kill at the `nth` of a kind of moment from now on.
pub(crate) struct Trap {
    pub(crate) moment: Moment,
    pub(crate) nth: u64,
}

/// A message that the relay took over, told or not.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) recipient: String,
    pub(crate) message_id: String,
    /// Nobody was told, on purpose.
    pub(crate) lost: bool,
}

/// What the relay saw.
#[derive(Default)]
pub(crate) struct Log {
    /// All whom RCPT named.
    pub(crate) named: BTreeSet<String>,
    pub(crate) taken: Vec<Taken>,
}

struct State {
    log: Log,
    random: Random,
    trap: Option<Trap>,
    victim: Option<Child>,
    /// How often RCPT named those who are put off at first.
    put_off: BTreeMap<String, u32>,
    open: usize,
    /// Falls silent now and then.
    moody: bool,
}

/// The relay and the program that it may kill.
#[derive(Clone)]
pub(crate) struct Relay {
    state: Arc<Mutex<State>>,
    port: u16,
}

/// Words in a local part that say how the relay treats it.
pub(crate) const GONE: &str = "gone";
pub(crate) const LATER: &str = "later";
/// Once in so many messages no reply is given.
const SILENT: u64 = 40;
/// Each reply to MAIL and to a content takes up to so long.
const SLOW: Duration = Duration::from_millis(16);

impl Relay {
    pub(crate) async fn start(random: Random) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Relay {
            port,
            state: Arc::new(Mutex::new(State {
                log: Log::default(),
                random,
                trap: None,
                victim: None,
                put_off: BTreeMap::new(),
                open: 0,
                moody: true,
            })),
        };
        let shared = relay.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let relay = shared.clone();
                let open = relay.opened();
                tokio::spawn(async move {
                    // A client that is gone is no fault of the relay's.
                    let _ = relay.serve(BufReader::new(stream)).await;
                    drop(open);
                });
            }
        });
        relay
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn opened(&self) -> Open {
        self.state().open += 1;
        Open(self.clone())
    }

    /// Watches a run of the program, and springs `trap` on it.
    pub(crate) fn watch(&self, victim: Child, trap: Option<Trap>) {
        let mut state = self.state();
        state.victim = Some(victim);
        state.trap = trap;
    }

    /// Looks at the program that is watched.
    pub(crate) fn victim<T>(&self, look: impl FnOnce(&mut Child) -> T) -> T {
        look(self.state().victim.as_mut().expect("a program is watched"))
    }

    /// Nobody is watched any more.
    pub(crate) fn disarm(&self) {
        let mut state = self.state();
        state.victim = None;
        state.trap = None;
    }

    /// Whether all connections have ended, and what was under way is logged.
    pub(crate) fn is_quiet(&self) -> bool {
        self.state().open == 0
    }

    /// From now on every message that is taken gets its reply, or again only
    /// most.
    pub(crate) fn be_moody(&self, moody: bool) {
        self.state().moody = moody;
    }

    pub(crate) fn log<T>(&self, read: impl FnOnce(&Log) -> T) -> T {
        read(&self.state().log)
    }

    /// A new mailing: what was seen of the last one is forgotten.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.log = Log::default();
        state.put_off.clear();
    }

    /// Kills the program if this is the moment.
    fn reached(&self, moment: Moment) {
        let nap = {
            let mut state = self.state();
            let Some(trap) = &mut state.trap else {
                return;
            };
            if std::mem::discriminant(&trap.moment) != std::mem::discriminant(&moment) {
                return;
            }
            trap.nth = trap.nth.saturating_sub(1);
            if trap.nth > 0 {
                return;
            }
            let moment = trap.moment;
            state.trap = None;
            match moment {
                Moment::AfterReply(nap) => nap,
                _ => {
                    // It may have ended by itself.
                    let _ = state.victim.as_mut().map(Child::kill);
                    return;
                }
            }
        };
        // Too short for the runtime's clock.
        std::thread::sleep(nap);
        let _ = self.state().victim.as_mut().map(Child::kill);
    }

    fn slow(&self) -> Duration {
        self.state().random.micros(SLOW.as_micros() as u64)
    }

    async fn serve(&self, mut stream: BufReader<TcpStream>) -> std::io::Result<()> {
        let mut recipient = None;
        say(&mut stream, "220 relay.test ESMTP").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            match line.get(..4).unwrap_or_default() {
                "EHLO" => say(&mut stream, "250-relay.test\r\n250 PIPELINING").await?,
                "MAIL" => {
                    tokio::time::sleep(self.slow()).await;
                    say(&mut stream, "250 2.1.0 Ok").await?;
                    self.reached(Moment::AfterMail);
                }
                "RCPT" => {
                    let address = between(&line, '<', '>').to_owned();
                    let refusal = self.refusal(&address);
                    say(&mut stream, refusal.unwrap_or("250 2.1.5 Ok")).await?;
                    recipient = refusal.is_none().then_some(address);
                }
                "DATA" => match recipient.take() {
                    None => say(&mut stream, "503 5.5.1 no recipient").await?,
                    Some(recipient) => {
                        say(&mut stream, "354 go").await?;
                        let content = self.read_content(&mut stream).await?;
                        if self.take(recipient, &content) {
                            return Ok(());
                        }
                        self.reached(Moment::BeforeReply);
                        tokio::time::sleep(self.slow()).await;
                        say(&mut stream, "250 2.0.0 Ok: queued as 4F1A2B").await?;
                        self.reached(Moment::AfterReply(Duration::ZERO));
                    }
                },
                "RSET" => {
                    recipient = None;
                    say(&mut stream, "250 2.0.0 Ok").await?;
                }
                "QUIT" => return say(&mut stream, "221 2.0.0 Bye").await,
                _ => say(&mut stream, "500 5.5.2 what?").await?,
            }
        }
    }

    fn refusal(&self, address: &str) -> Option<&'static str> {
        let mut state = self.state();
        state.log.named.insert(address.to_owned());
        if address.starts_with(GONE) {
            return Some("550 5.1.1 no such user");
        }
        if address.starts_with(LATER) {
            let times = state.put_off.entry(address.to_owned()).or_default();
            *times += 1;
            return (*times == 1).then_some("450 4.2.0 greylisted, come back");
        }
        None
    }

    async fn read_content(&self, stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
        let mut content = Vec::new();
        loop {
            let piece = stream.fill_buf().await?;
            if piece.is_empty() {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let length = piece.len();
            content.extend_from_slice(piece);
            stream.consume(length);
            if content.ends_with(b"\r\n.\r\n") {
                return Ok(content);
            }
            self.reached(Moment::InContent);
        }
    }

    /// Takes a message over; whether nobody is told.
    fn take(&self, recipient: String, content: &[u8]) -> bool {
        let text = String::from_utf8_lossy(content);
        let message_id = text
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "))
            .expect("each message has a Message-ID")
            .to_owned();
        let mut state = self.state();
        let lost = state.moody && state.random.once_in(SILENT);
        state.log.taken.push(Taken {
            recipient,
            message_id,
            lost,
        });
        lost
    }
}

/// A connection that is open.
struct Open(Relay);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().open -= 1;
    }
}

async fn say(stream: &mut BufReader<TcpStream>, reply: &str) -> std::io::Result<()> {
    let reply = format!("{reply}\r\n");
    stream.get_mut().write_all(reply.as_bytes()).await
}

fn between(text: &str, open: char, close: char) -> &str {
    let inner = text.split_once(open).map_or("", |(_, rest)| rest);
    inner.split_once(close).map_or("", |(inner, _)| inner)
}
