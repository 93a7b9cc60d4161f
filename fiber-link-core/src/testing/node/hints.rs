//! Rumours, for everybody who listens.

use crate::{InvoiceHint, PaymentHash};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, poll_fn};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Poll, Waker};

/// Those who listen and were not dropped.
#[derive(Default)]
pub(super) struct Listeners(Vec<Weak<Mutex<Ear>>>);

#[derive(Default)]
struct Ear {
    heard: VecDeque<InvoiceHint>,
    waker: Option<Waker>,
}

impl Listeners {
    /// Tells everybody who listens now.
    pub(super) fn tell(&mut self, payment_hash: PaymentHash) {
        self.0.retain(|listener| {
            let Some(ear) = listener.upgrade() else { return false };
            let mut ear = ear.lock().unwrap_or_else(PoisonError::into_inner);
            ear.heard.push_back(InvoiceHint { payment_hash });
            if let Some(waker) = ear.waker.take() {
                waker.wake();
            }
            true
        });
    }

    /// Hears what is told from now on.
    pub(super) fn listen(&mut self) -> BoxStream<'static, InvoiceHint> {
        let ear = Arc::new(Mutex::new(Ear::default()));
        self.0.push(Arc::downgrade(&ear));
        let stream = poll_fn(move |context| {
            let mut ear = ear.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(hint) = ear.heard.pop_front() {
                return Poll::Ready(Some(hint));
            }
            ear.waker = Some(context.waker().clone());
            Poll::Pending
        });
        stream.boxed()
    }
}
