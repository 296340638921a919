//! A name server on loopback that knows what a test tells it, over UDP and, for
//! what is too long, over TCP.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What it says of a name.
#[derive(Clone)]
pub(crate) enum Record {
    Txt(String),
    Mx(u16, &'static str),
    Address(&'static str),
    Ptr(&'static str),
    /// It does not know (SERVFAIL).
    Fails,
}

pub(crate) type Zone = Vec<(String, Record)>;

pub(crate) struct NameServer {
    pub(crate) at: SocketAddr,
    streams: Arc<AtomicUsize>,
}

/// RFC 1035 §2.3.4.
const DATAGRAM: usize = 512;

impl NameServer {
    pub(crate) async fn start(zone: Zone) -> NameServer {
        let (datagrams, listener) = loop {
            let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let at = datagrams.local_addr().unwrap();
            // Another test may have that port.
            if let Ok(listener) = TcpListener::bind(at).await {
                break (datagrams, listener);
            }
        };
        let at = datagrams.local_addr().unwrap();
        let zone = Arc::new(zone);
        let known = Arc::clone(&zone);
        tokio::spawn(async move {
            let mut question = [0; 2_000];
            while let Ok((length, from)) = datagrams.recv_from(&mut question).await {
                let mut answer = answer(&question[..length], &known);
                if answer.len() > DATAGRAM {
                    // Truncated: only header and question (RFC 2181 §9).
                    let end = end_of_question(&answer);
                    answer.truncate(end);
                    answer[2] |= 2;
                    answer[6..12].fill(0);
                }
                let _ = datagrams.send_to(&answer, from).await;
            }
        });
        let streams = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&streams);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let zone = Arc::clone(&zone);
                tokio::spawn(async move {
                    while let Ok(length) = stream.read_u16().await {
                        let mut question = vec![0; length.into()];
                        if stream.read_exact(&mut question).await.is_err() {
                            return;
                        }
                        let answer = answer(&question, &zone);
                        let mut whole = (answer.len() as u16).to_be_bytes().to_vec();
                        whole.extend(answer);
                        let _ = stream.write_all(&whole).await;
                    }
                });
            }
        });
        NameServer { at, streams }
    }

    /// How many connections were made to it.
    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::SeqCst)
    }
}

fn end_of_question(message: &[u8]) -> usize {
    let mut place = 12;
    while message[place] != 0 {
        place += usize::from(message[place]) + 1;
    }
    place + 5
}

fn answer(question: &[u8], zone: &Zone) -> Vec<u8> {
    let end = end_of_question(question);
    let mut labels = Vec::new();
    let mut place = 12;
    while question[place] != 0 {
        let length = usize::from(question[place]);
        let label = &question[place + 1..=place + length];
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        place += length + 1;
    }
    let name = labels.join(".");
    let kind = u16::from_be_bytes([question[end - 4], question[end - 3]]);
    let of_name: Vec<&Record> = zone
        .iter()
        .filter(|(known, _)| *known == name)
        .map(|(_, record)| record)
        .collect();
    let data: Vec<Vec<u8>> = of_name
        .iter()
        .filter_map(|record| data(record, kind))
        .collect();
    let code = match of_name.as_slice() {
        [] => 3,
        [Record::Fails, ..] => 2,
        _ => 0,
    };
    let mut message = question[..2].to_vec();
    message.extend([0x85, 0x80 | code, 0, 1]);
    message.extend((data.len() as u16).to_be_bytes());
    message.extend([0; 4]);
    message.extend(&question[12..end]);
    for data in data {
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 60]);
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(data);
    }
    message
}

fn data(record: &Record, kind: u16) -> Option<Vec<u8>> {
    match (record, kind) {
        (Record::Txt(text), 16) => {
            let strings = text.as_bytes().chunks(255);
            Some(
                strings
                    .flat_map(|one| [&[one.len() as u8], one].concat())
                    .collect(),
            )
        }
        (Record::Mx(preference, name), 15) => {
            Some([&preference.to_be_bytes()[..], &wire(name)].concat())
        }
        (Record::Ptr(name), 12) => Some(wire(name)),
        (Record::Address(text), 1 | 28) => match (text.parse().unwrap(), kind) {
            (IpAddr::V4(address), 1) => Some(address.octets().to_vec()),
            (IpAddr::V6(address), 28) => Some(address.octets().to_vec()),
            _ => None,
        },
        _ => None,
    }
}

fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> = labels
        .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
        .collect();
    wire.push(0);
    wire
}
