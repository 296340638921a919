use std::collections::VecDeque;

use crate::email::Message;
use crate::transport::failure::{Failure, Receipt};
use crate::transport::{Answer, Permission, Transport};

/// Keeps what it is given, and fails where it is told to.
#[derive(Debug, Default)]
pub struct Memory {
    /// What was handed over, in order.
    pub messages: Vec<Message>,
    /// Failures of the next messages, `None` for one that goes through.
    pub failures: VecDeque<Option<Failure>>,
}

impl Transport for Memory {
    fn deliver<'a>(
        &'a mut self,
        message: &'a Message,
        permission: Permission<'a>,
    ) -> Answer<'a, Receipt> {
        Box::pin(async move {
            if let Some(failure) = self.failures.pop_front().flatten() {
                return Err(failure);
            }
            if !permission.await {
                return Err(Failure::withheld(String::new()));
            }
            self.messages.push(message.clone());
            Ok(Receipt {
                reply: None,
                file: None,
            })
        })
    }

    fn close(&mut self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
