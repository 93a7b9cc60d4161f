//! What can be wrong with the invoices of a node, its answers about them, and its hints.

use super::*;

wrong_nodes! {
    is_another_node_each_time is caught by info_is_the_same_twice {
        async fn info(&self, node: &FakeNode) -> Result<NodeInfo, NodeError> {
            let key = NodeKey::new([self.count.fetch_add(1, Ordering::Relaxed); 33]);
            Ok(NodeInfo { key, ..node.info().await? })
        }
    }

    makes_up_its_own_hash is caught by an_invoice_is_the_one_that_was_asked_for {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            let payment_hash = PaymentHash::new(*request.preimage.expose());
            Ok(Invoice { payment_hash, ..node.create_invoice(request).await? })
        }
    }

    rounds_amounts is caught by an_invoice_is_the_one_that_was_asked_for {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            let amount = Amount::try_from(request.amount.units() / 1_000 * 1_000).unwrap();
            node.create_invoice(InvoiceRequest { amount, ..request }).await
        }
    }

    takes_seconds_for_milliseconds is caught by an_invoice_is_the_one_that_was_asked_for {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            let expiry = request.expiry * 1_000;
            node.create_invoice(InvoiceRequest { expiry, ..request }).await
        }
    }

    makes_every_invoice_over_ckb is caught by a_token_invoice_has_its_asset {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            node.create_invoice(InvoiceRequest { asset: Asset::ckb(), ..request }).await
        }
    }

    makes_an_invoice_anew is caught by the_same_preimage_again_exists_already_and_the_first_invoice_is_unharmed {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            node.forget_invoice(request.preimage.payment_hash());
            node.create_invoice(request).await
        }
    }

    loses_the_race_with_itself is caught by eight_requests_with_one_preimage_make_one_invoice {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            let hash = request.preimage.payment_hash();
            if let Some(Some(_)) = node.invoices(&[hash]).await?.first() {
                return Err(NodeError::InvoiceExists);
            }
            match (node.create_invoice(request).await, node.invoices(&[hash]).await?.pop()) {
                (Err(NodeError::InvoiceExists), Some(Some(made))) => Ok(made.invoice),
                (answer, _) => answer,
            }
        }
    }

    counts_letters_and_not_bytes is caught by what_nobody_could_pay_is_refused_and_not_made {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            let short = request.description.chars().count() <= 639;
            let description = if short { String::new() } else { request.description };
            node.create_invoice(InvoiceRequest { description, ..request }).await
        }
    }

    takes_short_descriptions_alone is caught by a_description_of_639_bytes_is_taken {
        async fn create(&self, node: &FakeNode, request: InvoiceRequest) -> Made {
            if request.description.len() > 600 {
                return Err(NodeError::Refused { reason: "too long".to_owned() });
            }
            node.create_invoice(request).await
        }
    }

    answers_in_an_order_of_its_own is caught by many_hashes_are_answered_in_order_with_none_for_unknown_ones {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let mut hashes = hashes.to_vec();
            hashes.sort();
            node.invoices(&hashes).await
        }
    }

    leaves_out_what_it_does_not_know is caught by many_hashes_are_answered_in_order_with_none_for_unknown_ones {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            Ok(node.invoices(hashes).await?.into_iter().filter(Option::is_some).collect())
        }
    }

    answers_fifty_at_a_time is caught by a_hundred_hashes_are_answered_in_one_question {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let mut answers = node.invoices(hashes).await?;
            answers.truncate(50);
            Ok(answers)
        }
    }

    refuses_empty_questions is caught by an_empty_question_has_an_empty_answer {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            if hashes.is_empty() {
                return Err(NodeError::Refused { reason: "empty batch".to_owned() });
            }
            node.invoices(hashes).await
        }
    }

    calls_everything_paid is caught by an_invoice_is_the_one_that_was_asked_for {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let told = |status: InvoiceStatus| with_state(status, InvoiceState::Paid);
            Ok(node.invoices(hashes).await?.into_iter().map(|answer| answer.map(told)).collect())
        }
    }

    never_tells_of_a_payment is caught by a_paid_invoice_says_paid_and_no_other_does {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let told = |status: InvoiceStatus| {
                if status.state == InvoiceState::Paid { with_state(status, InvoiceState::Received) } else { status }
            };
            Ok(node.invoices(hashes).await?.into_iter().map(|answer| answer.map(told)).collect())
        }
    }

    forgets_payments_in_time is caught by a_paid_invoice_stays_paid_when_its_time_is_over {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let answers = node.invoices(hashes).await?;
            // Asked for the third time.
            let tired = self.count.fetch_add(1, Ordering::Relaxed) >= 2;
            let told = |status| if tired { with_state(status, InvoiceState::Expired) } else { status };
            Ok(answers.into_iter().map(|answer| answer.map(told)).collect())
        }
    }

    forgets_what_was_cancelled is caught by a_cancelled_invoice_says_cancelled {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let known = |status: &InvoiceStatus| status.state != InvoiceState::Cancelled;
            Ok(node.invoices(hashes).await?.into_iter().map(|answer| answer.filter(known)).collect())
        }
    }

    never_ends_an_invoice is caught by an_unpaid_invoice_expires_when_its_time_is_over {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            let told = |status: InvoiceStatus| {
                if status.state == InvoiceState::Expired { with_state(status, InvoiceState::Open) } else { status }
            };
            Ok(node.invoices(hashes).await?.into_iter().map(|answer| answer.map(told)).collect())
        }
    }

    stays_busy_for_ever_when_a_call_is_dropped is caught by calls_that_are_dropped_midway_leave_the_node_usable {
        async fn invoices(&self, node: &FakeNode, hashes: &[PaymentHash]) -> Answers {
            if self.flag.swap(true, Ordering::Relaxed) {
                return Err(NodeError::NoAnswer("busy".into()));
            }
            let answers = node.invoices(hashes).await;
            self.flag.store(false, Ordering::Relaxed);
            answers
        }
    }

    ends_its_hints is caught by hints_stay_open_while_nothing_happens {
        fn hints(&self, _: &FakeNode) -> BoxStream<'static, InvoiceHint> {
            stream::empty().boxed()
        }
    }

    ends_its_hints_after_the_first is caught by hints_neither_end_nor_block_while_invoices_are_paid {
        fn hints(&self, _: &FakeNode) -> BoxStream<'static, InvoiceHint> {
            stream::iter([InvoiceHint { payment_hash: PaymentHash::new([1; 32]) }]).boxed()
        }
    }
}
