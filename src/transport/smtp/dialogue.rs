//! One message over an open connection.

use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Rset};
use lettre::transport::smtp::response::{Response, Severity};

use crate::email::Message;
use crate::mailing::{Phase, Reply};
use crate::transport::Permission;
use crate::transport::failure::{Cause, Failure, Receipt};
use crate::transport::smtp::Settings;
use crate::transport::smtp::connection::{failure, reply, step};

/// Hands `message` over. The second value says whether the dialogue ended in
/// order, so that the connection may serve the next message.
pub(crate) async fn deliver(
    connection: &mut AsyncSmtpConnection,
    settings: &Settings,
    message: &Message,
    permission: &mut Permission<'_>,
) -> (Result<Receipt, Failure>, bool) {
    let mut dialogue = Dialogue {
        connection,
        settings,
    };
    match dialogue.run(message, permission).await {
        Ok(receipt) => (Ok(receipt), true),
        Err(failure) => {
            let in_order = dialogue.recover(&failure).await;
            (Err(failure), in_order)
        }
    }
}

struct Dialogue<'a> {
    connection: &'a mut AsyncSmtpConnection,
    settings: &'a Settings,
}

impl Dialogue<'_> {
    async fn run(
        &mut self,
        message: &Message,
        permission: &mut Permission<'_>,
    ) -> Result<Receipt, Failure> {
        let limits = self.settings.limits;
        // RFC 5321 §3.3. The message is 7-bit and its addresses are ASCII, so
        // no parameter is needed; addresses hold no line ends.
        let sender = format!("MAIL FROM:<{}>\r\n", message.envelope.sender);
        self.ask(Phase::Sender, limits.sender, sender).await?;
        let recipient = format!("RCPT TO:<{}>\r\n", message.envelope.recipient);
        self.ask(Phase::Recipient, limits.recipient, recipient)
            .await?;
        self.ask(Phase::Data, limits.data, Data).await?;

        if !permission.await {
            return Err(Failure::withheld(format!(" at {}", self.settings.place())));
        }
        // From here on a lost reply means that nobody knows.
        // lettre ends the last line itself; given twice, the reader would see
        // one line more than was signed.
        let content = message
            .bytes
            .strip_suffix(b"\r\n")
            .unwrap_or(&message.bytes);
        let answer = step(
            self.settings,
            Phase::Content,
            limits.content,
            self.connection.message(content),
        )
        .await?;
        Ok(Receipt {
            reply: Some(self.expect(Phase::Content, answer)?),
            file: None,
        })
    }

    async fn ask(
        &mut self,
        phase: Phase,
        limit: Duration,
        command: impl Display,
    ) -> Result<Reply, Failure> {
        let answer = step(
            self.settings,
            phase,
            limit,
            self.connection.command(command),
        )
        .await?;
        self.expect(phase, answer)
    }

    /// RFC 5321 §4.3.2: DATA is answered by 354, all others by 2yz. Anything
    /// else positive means that question and answer no longer belong together.
    fn expect(&self, phase: Phase, answer: Response) -> Result<Reply, Failure> {
        let code = answer.code();
        let wanted = match phase {
            Phase::Data => Severity::PositiveIntermediate,
            _ => Severity::PositiveCompletion,
        };
        let code_number = u16::from(code);
        if code.severity != wanted {
            let cause = Cause::Garbled(format!("{code_number} is out of turn"));
            return Err(failure(self.settings, phase, cause));
        }
        let text: Vec<&str> = answer.message().collect();
        Ok(reply(code_number, &text.join(" ")))
    }

    /// Makes the connection ready for the next message after a refusal; says
    /// whether it is.
    async fn recover(&mut self, failure: &Failure) -> bool {
        match failure.reply() {
            // RFC 5321 §3.8: after 421 the server closes.
            None | Some(Reply { code: 421, .. }) => false,
            // RFC 5321 §4.1.1.4: the reply to the content ends the transaction.
            Some(_) if failure.phase == Phase::Content => true,
            Some(_) => step(
                self.settings,
                Phase::Sender,
                self.settings.limits.sender,
                self.connection.command(Rset),
            )
            .await
            .is_ok(),
        }
    }
}
