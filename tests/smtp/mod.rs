//! The SMTP transport against a server that follows a script.

mod content;
mod faults;
mod international;
mod login;
mod pipelining;
mod protection;
mod reuse;
pub(crate) mod server;

use letterpress::email::{Envelope, Message};
use letterpress::subscriber::Address;
use letterpress::transport::{Settings, Smtp, Tls};

use crate::smtp::server::Server;

/// A message with everything that a dialogue could spoil.
fn message() -> Message {
    Message {
        envelope: Envelope {
            sender: Address::parse("bounce+1@example.org").unwrap(),
            recipient: Address::parse("ada@example.net").unwrap(),
        },
        bytes: b"Subject: x\r\n\r\n.\r\n..dots\r\n.RSET\r\n\r\nlast\r\n".to_vec(),
        message_id: "<1@example.org>".to_owned(),
    }
}

fn settings(server: &Server) -> Settings {
    Settings {
        port: server.port(),
        ..Settings::new("127.0.0.1", Tls::None)
    }
}

fn smtp(server: &Server) -> Smtp {
    Smtp::new(settings(server)).unwrap()
}
