//! A mail server on loopback that answers as a test tells it to, and keeps what
//! it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// What the server does when it is asked something.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes this.
    Say(&'static str),
    /// Ends the connection.
    Close,
    /// Writes this and ends the connection.
    SayAndClose(&'static str),
    /// Breaks the connection.
    Reset,
    /// Says nothing until the client goes.
    Silence,
    /// Writes this once the test has added a permit.
    SayLater(Arc<Semaphore>, &'static str),
    /// Writes this, then speaks TLS.
    Tls(&'static str),
    /// Reads so many further questions first, then writes this; they are
    /// answered in their turn.
    ReadAhead(usize, &'static str),
    /// Writes this, and reads on once the test has added a permit.
    ReadLater(Arc<Semaphore>, &'static str),
}

/// What a server says that has nothing against anybody. `CONNECT` stands for a
/// new connection, `CONTENT` for a message that was received.
pub(crate) fn usual(question: &str) -> Act {
    Act::Say(
        match question.split([' ', ':']).next().unwrap_or_default() {
            "CONNECT" => "220 mail.test ESMTP\r\n",
            "EHLO" => "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
            "AUTH" => "235 2.7.0 welcome\r\n",
            "MAIL" | "RCPT" | "RSET" => "250 2.1.0 Ok\r\n",
            "DATA" => "354 go\r\n",
            "CONTENT" => "250 2.0.0 Ok: queued as 4F1A2B\r\n",
            "QUIT" => "221 2.0.0 Bye\r\n",
            _ => "500 5.5.2 what?\r\n",
        },
    )
}

/// The same of a server that takes several commands at once.
pub(crate) fn pipelining(question: &str) -> Act {
    if question.starts_with("EHLO") {
        Act::Say("250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
    } else {
        usual(question)
    }
}

type Answers = dyn Fn(&str, usize) -> Act + Send + Sync;

#[derive(Default)]
struct Kept {
    asked: Vec<String>,
    /// What had come with each question, behind it.
    behind: Vec<String>,
    /// What of each content was read at once, from its beginning.
    beginnings: Vec<String>,
    contents: Vec<Vec<u8>>,
    /// Messages that broke off.
    fragments: Vec<Vec<u8>>,
}

pub(crate) struct Server {
    port: u16,
    kept: Arc<Mutex<Kept>>,
    /// A permit for each message that broke off.
    broken_off: Arc<Semaphore>,
}

impl Server {
    /// A server that answers with `answers(question, how often it was asked)`.
    pub(crate) async fn start(
        answers: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
    ) -> Server {
        Server::with_tls(None, false, answers).await
    }

    /// The same with a certificate, and TLS from the start if `implicit`.
    pub(crate) async fn with_tls(
        acceptor: Option<TlsAcceptor>,
        implicit: bool,
        answers: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let answers: Arc<Answers> = Arc::new(answers);
        let shared = kept.clone();
        let broken_off = Arc::new(Semaphore::new(0));
        let breaks = broken_off.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Several replies to several commands, each at once.
                stream.set_nodelay(true).unwrap();
                let acceptor = acceptor.clone();
                let session = Session {
                    kept: shared.clone(),
                    answers: answers.clone(),
                    broken_off: breaks.clone(),
                };
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) if implicit => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                session.run(BufReader::new(stream), true).await;
                            }
                        }
                        acceptor => session.plain(stream, acceptor).await,
                    }
                });
            }
        });
        Server {
            port,
            kept,
            broken_off,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// All that it was asked, without arguments: `CONNECT EHLO MAIL …`.
    pub(crate) fn asked(&self) -> String {
        let kept = self.kept.lock().unwrap();
        let words: Vec<&str> = kept
            .asked
            .iter()
            .map(|line| line.split([' ', ':']).next().unwrap_or_default())
            .collect();
        words.join(" ")
    }

    /// The same with arguments.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.kept.lock().unwrap().asked.clone()
    }

    /// What the `nth` question beginning with `word` had behind it in what was
    /// read at once.
    pub(crate) fn behind(&self, word: &str, nth: usize) -> String {
        let kept = self.kept.lock().unwrap();
        let mut same = kept
            .asked
            .iter()
            .zip(&kept.behind)
            .filter(|(question, _)| question.starts_with(word));
        same.nth(nth - 1).unwrap().1.clone()
    }

    /// What of the first content was read at once, dots as they came.
    pub(crate) fn beginning(&self) -> String {
        self.kept.lock().unwrap().beginnings[0].clone()
    }

    /// Waits for a message to break off after the 354; what came of it.
    pub(crate) async fn fragment(&self) -> Vec<u8> {
        self.broken_off.acquire().await.unwrap().forget();
        self.kept.lock().unwrap().fragments.remove(0)
    }

    /// The messages it received, dots undone.
    pub(crate) fn contents(&self) -> Vec<Vec<u8>> {
        self.kept.lock().unwrap().contents.clone()
    }
}

struct Session {
    kept: Arc<Mutex<Kept>>,
    answers: Arc<Answers>,
    broken_off: Arc<Semaphore>,
}

enum Next {
    Read,
    ReadAhead(usize, &'static str),
    ReadContent,
    End,
    StartTls,
}

impl Session {
    async fn plain(self, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
        let mut stream = BufReader::new(stream);
        if !self.talk(&mut stream, true).await {
            return;
        }
        let acceptor = acceptor.expect("a script with TLS has a certificate");
        if let Ok(stream) = acceptor.accept(stream.into_inner()).await {
            self.run(BufReader::new(stream), false).await;
        }
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin + Breakable>(
        self,
        mut stream: BufReader<S>,
        greet: bool,
    ) {
        self.talk(&mut stream, greet).await;
    }

    /// Talks until the end, or until TLS is to begin (`true`).
    async fn talk<S: AsyncRead + AsyncWrite + Unpin + Breakable>(
        &self,
        stream: &mut BufReader<S>,
        greet: bool,
    ) -> bool {
        let mut next = if greet {
            self.answer(stream, "CONNECT").await
        } else {
            Next::Read
        };
        let mut ahead = VecDeque::new();
        loop {
            next = match next {
                Next::End => return false,
                Next::StartTls => return true,
                Next::Read => {
                    let line = match ahead.pop_front() {
                        Some(line) => Some(line),
                        None => read_line(stream).await,
                    };
                    match line {
                        Some(line) => self.answer(stream, &line).await,
                        None => Next::End,
                    }
                }
                Next::ReadAhead(count, text) => {
                    while ahead.len() < count {
                        match read_line(stream).await {
                            Some(line) => ahead.push_back(line),
                            None => return false,
                        }
                    }
                    match stream.get_mut().write_all(text.as_bytes()).await {
                        Ok(()) => Next::Read,
                        Err(_) => Next::End,
                    }
                }
                Next::ReadContent => {
                    if !self.read_content(stream).await {
                        return false;
                    }
                    self.answer(stream, "CONTENT").await
                }
            };
        }
    }

    async fn read_content<S: AsyncRead + Unpin>(&self, stream: &mut BufReader<S>) -> bool {
        let mut content = Vec::new();
        loop {
            let mut line = Vec::new();
            let first = content.is_empty();
            match stream.read_until(b'\n', &mut line).await {
                Ok(1..) if line == b".\r\n" => break,
                Ok(1..) => {
                    content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                    if first {
                        let all = [&line, stream.buffer()].concat();
                        let beginning = String::from_utf8_lossy(&all).into_owned();
                        self.kept.lock().unwrap().beginnings.push(beginning);
                    }
                }
                _ => {
                    self.kept.lock().unwrap().fragments.push(content);
                    self.broken_off.add_permits(1);
                    return false;
                }
            }
        }
        self.kept.lock().unwrap().contents.push(content);
        true
    }

    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Breakable>(
        &self,
        stream: &mut BufReader<S>,
        question: &str,
    ) -> Next {
        let word = |line: &str| line.split([' ', ':']).next().map(str::to_owned);
        let count = {
            let mut kept = self.kept.lock().unwrap();
            kept.asked.push(question.to_owned());
            let behind = String::from_utf8_lossy(stream.buffer()).into_owned();
            kept.behind.push(behind);
            let same = kept
                .asked
                .iter()
                .filter(|line| word(line) == word(question));
            same.count()
        };
        let (text, gate, tls) = match (self.answers)(question, count) {
            Act::Say(text) => (text, None, false),
            Act::Tls(text) => (text, None, true),
            Act::SayLater(permits, text) => {
                permits.acquire().await.unwrap().forget();
                (text, None, false)
            }
            Act::ReadAhead(count, text) => return Next::ReadAhead(count, text),
            Act::ReadLater(permits, text) => (text, Some(permits), false),
            Act::Close => return Next::End,
            Act::SayAndClose(text) => {
                let _ = stream.get_mut().write_all(text.as_bytes()).await;
                let _ = stream.get_mut().flush().await;
                return Next::End;
            }
            Act::Reset => {
                stream.get_mut().break_off();
                return Next::End;
            }
            Act::Silence => {
                let mut rest = Vec::new();
                let _ = tokio::io::AsyncReadExt::read_to_end(stream, &mut rest).await;
                return Next::End;
            }
        };
        if stream.get_mut().write_all(text.as_bytes()).await.is_err()
            || stream.get_mut().flush().await.is_err()
        {
            return Next::End;
        }
        if let Some(permits) = gate {
            permits.acquire().await.unwrap().forget();
        }
        if tls {
            Next::StartTls
        } else if text.starts_with("354") && question == "DATA" {
            Next::ReadContent
        } else {
            Next::Read
        }
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(1..) => Some(line.trim_end().to_owned()),
        _ => None,
    }
}

/// A stream that can end with a reset instead of a farewell.
trait Breakable {
    fn break_off(&mut self);
}

impl Breakable for TcpStream {
    fn break_off(&mut self) {
        // Octets that nobody read make the kernel answer with a reset; a zero
        // linger time does so always.
        self.set_zero_linger().unwrap();
    }
}

impl Breakable for tokio_rustls::server::TlsStream<TcpStream> {
    fn break_off(&mut self) {
        self.get_mut().0.break_off();
    }
}
