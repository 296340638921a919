//! One message over an open connection.

use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Rset;
use lettre::transport::smtp::response::{Response, Severity};

use crate::email::Message;
use crate::mailing::{Phase, Reply};
use crate::transport::Permission;
use crate::transport::failure::{Cause, Failure, Receipt};
use crate::transport::smtp::Settings;
use crate::transport::smtp::connection::{Connection, failure, reply, step};
use crate::transport::smtp::content::Content;
use crate::transport::smtp::offers::Offers;

/// Hands `message` over. The second value says whether the dialogue ended in
/// order, so that the connection may serve the next message.
pub(crate) async fn deliver(
    connection: &mut Connection,
    settings: &Settings,
    message: &Message,
    permission: &mut Permission<'_>,
) -> (Result<Receipt, Failure>, bool) {
    let international = message.envelope.recipient.is_international();
    if international && !connection.offers.smtputf8 {
        // Nothing was said, so the connection is in order.
        let failed = failure(settings, Phase::Recipient, Cause::International);
        return (Err(failed), true);
    }
    connection.begun += 1;
    let mut dialogue = Dialogue {
        offers: &connection.offers,
        smtp: &mut connection.smtp,
        settings,
        in_step: true,
    };
    match dialogue.run(message, permission).await {
        Ok(receipt) => (Ok(receipt), true),
        Err(failure) => {
            let in_order = dialogue.recover(&failure).await;
            (Err(failure), in_order)
        }
    }
}

const DATA: &str = "DATA\r\n";

struct Dialogue<'a> {
    smtp: &'a mut AsyncSmtpConnection,
    offers: &'a Offers,
    settings: &'a Settings,
    /// Whether each question so far has had its answer, and the next one would
    /// get its own.
    in_step: bool,
}

impl Dialogue<'_> {
    async fn run(
        &mut self,
        message: &Message,
        permission: &mut Permission<'_>,
    ) -> Result<Receipt, Failure> {
        let envelope = &message.envelope;
        let international = envelope.recipient.is_international();
        let content = Content::of(&message.bytes, international).ok_or_else(|| {
            let cause = Cause::Unsupported("the message is not 7-bit".to_owned());
            failure(self.settings, Phase::Sender, cause)
        })?;
        // RFC 6531 §3.4: said of a message that needs it, and of no other; its
        // header holds octets beyond ASCII then (RFC 6152 §3).
        let parameters = match (international, self.offers.eight_bit) {
            (false, _) => "",
            (true, true) => " BODY=8BITMIME SMTPUTF8",
            (true, false) => " SMTPUTF8",
        };
        // RFC 5321 §3.3; addresses hold no line ends.
        let sender = format!("MAIL FROM:<{}>{parameters}\r\n", envelope.sender);
        let recipient = format!("RCPT TO:<{}>\r\n", envelope.recipient);
        if self.offers.pipelining {
            self.announce_at_once(sender + &recipient + DATA).await?;
        } else {
            self.ask(Phase::Sender, sender).await?;
            self.ask(Phase::Recipient, recipient).await?;
            self.ask(Phase::Data, DATA).await?;
        }

        if !permission.await {
            // The server waits for content, and only an end takes that back.
            self.in_step = false;
            return Err(Failure::withheld(format!(" at {}", self.settings.place())));
        }
        // From here on a lost reply means that nobody knows.
        Ok(Receipt {
            reply: Some(self.ask(Phase::Content, content).await?),
            file: None,
        })
    }

    /// RFC 2920 §3.1: the commands up to DATA leave together, and the reply to
    /// each is looked at. The first that is a refusal counts.
    async fn announce_at_once(&mut self, commands: String) -> Result<(), Failure> {
        let sender = self.ask(Phase::Sender, commands).await;
        if !self.in_step {
            return sender.map(drop);
        }
        let recipient = self.hear(Phase::Recipient).await;
        if !self.in_step {
            return sender.and(recipient).map(drop);
        }
        let data = self.hear(Phase::Data).await;
        if data.is_ok() && sender.is_err() {
            // A message of a sender whom it refused: whatever ends it might be
            // delivered.
            self.in_step = false;
        } else if data.is_ok() && recipient.is_err() {
            self.end_for_nobody().await;
        }
        sender.and(recipient).and(data).map(drop)
    }

    /// RFC 2920 §3.1: where DATA is answered by 354 and no recipient was taken,
    /// a lone dot is sent. What is said to it concerns nobody.
    async fn end_for_nobody(&mut self) {
        let _ = self.ask(Phase::Content, ".\r\n").await;
    }

    async fn ask(&mut self, phase: Phase, command: impl Display) -> Result<Reply, Failure> {
        let limit = self.limit(phase);
        let answer = step(self.settings, phase, limit, self.smtp.command(command)).await;
        self.judge(phase, answer)
    }

    /// The answer to what was asked before.
    async fn hear(&mut self, phase: Phase) -> Result<Reply, Failure> {
        let limit = self.limit(phase);
        let answer = step(self.settings, phase, limit, self.smtp.read_response()).await;
        self.judge(phase, answer)
    }

    fn limit(&self, phase: Phase) -> Duration {
        let limits = self.settings.limits;
        match phase {
            Phase::Connect => limits.connect,
            Phase::Tls => limits.tls,
            Phase::Hello => limits.hello,
            Phase::Login => limits.login,
            Phase::Sender => limits.sender,
            Phase::Recipient => limits.recipient,
            Phase::Data => limits.data,
            Phase::Content => limits.content,
        }
    }

    fn judge(&mut self, phase: Phase, answer: Result<Response, Failure>) -> Result<Reply, Failure> {
        let judged = answer.and_then(|answer| self.expect(phase, answer));
        if let Err(failure) = &judged {
            // RFC 5321 §3.8: after 421 the server closes.
            self.in_step &= failure.reply().is_some_and(|reply| reply.code != 421);
        }
        judged
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

    /// Makes the connection ready for the next message after a failure; says
    /// whether it is.
    async fn recover(&mut self, failure: &Failure) -> bool {
        if !self.in_step {
            return false;
        }
        // RFC 5321 §4.1.1.4: the reply to the content ends the transaction.
        if failure.phase == Phase::Content {
            return true;
        }
        let limit = self.settings.limits.sender;
        step(self.settings, Phase::Sender, limit, self.smtp.command(Rset))
            .await
            .is_ok()
    }
}
