use std::collections::VecDeque;

use crate::email::Message;
use crate::transport::failure::{Failure, Receipt};
use crate::transport::{Answer, Transport};

/// Keeps what it is given, and fails where it is told to.
#[derive(Debug, Default)]
pub struct Memory {
    /// What was handed over, in order.
    pub messages: Vec<Message>,
    /// Failures of the next messages, `None` for one that goes through.
    pub failures: VecDeque<Option<Failure>>,
}

impl Transport for Memory {
    fn send<'a>(&'a mut self, message: &'a Message) -> Answer<'a, Receipt> {
        let answer = match self.failures.pop_front().flatten() {
            Some(failure) => Err(failure),
            None => {
                self.messages.push(message.clone());
                Ok(Receipt {
                    reply: None,
                    file: None,
                })
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn close(&mut self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
