use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::email::Message;
use crate::mailing::Phase;
use crate::transport::failure::{Cause, Failure, Receipt};
use crate::transport::{Answer, Permission, Transport};

/// Writes each message to a file of its own, in the order in which they come:
/// `0001-ada@example.org.eml`. Files appear whole or not at all and are
/// readable by their owner alone, for they hold the addresses of readers.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    written: usize,
}

impl Folder {
    /// A folder to write to; it is made when the first message comes.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder {
            path: path.into(),
            written: 0,
        }
    }

    /// The name of the file for the message of this number, counted from 1. It
    /// has only characters that are safe in file names everywhere.
    pub fn file_name(number: usize, message: &Message) -> String {
        let address = message.envelope.recipient.as_str().to_ascii_lowercase();
        let safe: String = address
            .chars()
            .map(|character| match character {
                'a'..='z' | '0'..='9' | '@' | '.' | '_' | '-' | '+' => character,
                _ => '_',
            })
            .take(80)
            .collect();
        format!("{number:04}-{safe}.eml")
    }

    fn write(&mut self, message: &Message) -> Result<Receipt, Failure> {
        let name = Folder::file_name(self.written + 1, message);
        write_whole(&self.path, &name, &message.bytes).map_err(|error| Failure {
            phase: Phase::Content,
            place: format!(" to {}", self.path.join(&name).display()),
            cause: Cause::File(error),
            hint: None,
        })?;
        self.written += 1;
        Ok(Receipt {
            reply: None,
            file: Some(name),
        })
    }
}

fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(folder.join(name))
        .map_err(|error| error.error)?;
    Ok(())
}

impl Transport for Folder {
    // A short write to a local disk; it is not worth a thread.
    fn deliver<'a>(
        &'a mut self,
        message: &'a Message,
        permission: Permission<'a>,
    ) -> Answer<'a, Receipt> {
        Box::pin(async move {
            if !permission.await {
                return Err(Failure::withheld(format!(" to {}", self.path.display())));
            }
            self.write(message)
        })
    }

    fn close(&mut self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Envelope;
    use crate::subscriber::Address;

    fn message(recipient: &str) -> Message {
        Message {
            envelope: Envelope {
                sender: Address::parse("editor@example.org").unwrap(),
                recipient: Address::parse(recipient).unwrap(),
            },
            bytes: b"Subject: x\r\n\r\nHello\r\n".to_vec(),
            message_id: "<1@example.org>".to_owned(),
        }
    }

    #[test]
    fn names_are_ordered_and_safe() {
        let cases = [
            (7, "Ada@example.org", "0007-ada@example.org.eml"),
            (
                12_345,
                "a/b|c*d?@example.org",
                "12345-a_b_c_d_@example.org.eml",
            ),
        ];
        for (number, address, expected) in cases {
            assert_eq!(Folder::file_name(number, &message(address)), expected);
        }
    }

    #[tokio::test]
    async fn messages_are_written_as_they_are_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut transport = Folder::new(folder.path().join("outbox"));
        for address in ["b@example.org", "a@example.org"] {
            let receipt = transport.send(&message(address)).await.unwrap();
            let path = folder.path().join("outbox").join(receipt.file.unwrap());
            assert_eq!(fs::read(path).unwrap(), message(address).bytes);
        }
        let mut names: Vec<String> = fs::read_dir(folder.path().join("outbox"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["0001-b@example.org.eml", "0002-a@example.org.eml"]);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_stops_the_run() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut transport = Folder::new(file.path());
        let failure = transport.send(&message("a@example.org")).await.unwrap_err();
        assert!(failure.to_string().contains("0001-a@example.org.eml"));
        assert!(matches!(
            failure.outcome(),
            crate::mailing::Outcome::Halted(_)
        ));
    }
}
