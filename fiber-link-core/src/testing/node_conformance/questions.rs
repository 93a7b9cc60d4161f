//! Many questions in one, and many at once.

use super::NodeWorld;
use super::ask::*;
use crate::*;
use futures_util::future::{join_all, join3};
use std::sync::Arc;

async fn invoices(world: &dyn NodeWorld, count: usize) -> Vec<Invoice> {
    let requests = (1..).map(Amount::new).take(count);
    let requests = requests.map(|amount| InvoiceRequest { amount, ..invoice_request(HOUR) });
    let node = world.node();
    let made = join_all(requests.map(|request| node.create_invoice(request))).await;
    made.into_iter().map(Result::unwrap).collect()
}

/// Asks about the invoices and, after each, about a hash that is not known.
async fn assert_answers(world: &dyn NodeWorld, invoices: &[Invoice]) {
    let open = |invoice: &Invoice| InvoiceStatus { invoice: invoice.clone(), state: InvoiceState::Open };
    let asked = invoices.iter().flat_map(|invoice| [Some(invoice), None]);
    let (hashes, expected): (Vec<_>, Vec<_>) = asked
        .map(|invoice| (invoice.map_or_else(unknown_hash, |known| known.payment_hash), invoice.map(open)))
        .unzip();
    assert_eq!(world.node().invoices(&hashes).await.unwrap(), expected);
}

pub async fn many_hashes_are_answered_in_order_with_none_for_unknown_ones(world: Arc<dyn NodeWorld>) {
    let mut invoices = invoices(&*world, 4).await;
    assert_answers(&*world, &invoices).await;
    invoices.sort_by_key(|invoice| invoice.payment_hash);
    assert_answers(&*world, &invoices).await;
    invoices.reverse();
    assert_answers(&*world, &invoices).await;
    // The same hash twice is two questions.
    invoices.extend_from_within(..2);
    assert_answers(&*world, &invoices).await;
}

pub async fn an_empty_question_has_an_empty_answer(world: Arc<dyn NodeWorld>) {
    assert_eq!(world.node().invoices(&[]).await.unwrap(), []);
}

pub async fn a_hundred_hashes_are_answered_in_one_question(world: Arc<dyn NodeWorld>) {
    assert_answers(&*world, &invoices(&*world, HASHES_PER_QUESTION / 2).await).await;
}

pub async fn many_questions_at_once_get_their_own_answers(world: Arc<dyn NodeWorld>) {
    let (node, invoices) = (world.node(), invoices(&*world, 8).await);
    let about_invoices =
        join_all(invoices.iter().map(|invoice| assert_answers(&*world, std::slice::from_ref(invoice))));
    let about_texts = join_all(invoices.iter().map(async |invoice| {
        let read = node.decode_invoice(&invoice.encoded).await.unwrap();
        assert_eq!((read.payment_hash, read.amount), (invoice.payment_hash, Some(invoice.amount)));
    }));
    let about_payments = join_all(invoices.iter().map(async |invoice| {
        assert_eq!(payment(&*world, invoice.payment_hash).await, None);
    }));
    join3(about_invoices, about_texts, about_payments).await;
}
