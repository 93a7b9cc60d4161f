//! What can be wrong with the payments of a node.

use super::*;

wrong_nodes! {
    pays_again_after_success is caught by a_second_send_after_success_does_not_pay_twice {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            node.forget_payment(request.payment_hash);
            node.send_payment(request).await
        }
    }

    pays_what_is_under_way_again is caught by a_second_send_while_the_first_lives_does_not_pay_twice {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let hash = request.payment_hash;
            let known = node.payment(hash).await?;
            if known.is_some_and(|status| status.state == PaymentState::Pending) {
                node.forget_payment(hash);
                node.set_outcome(hash, PaymentState::Succeeded { fee: Amount::ZERO });
            }
            node.send_payment(request).await
        }
    }

    races_with_itself_to_pay is caught by eight_sends_at_once_pay_once {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let hash = request.payment_hash;
            if let Some(known) = node.payment(hash).await? {
                return Ok(known);
            }
            if let Ok(sent) = node.send_payment(request.clone()).await {
                return Ok(sent);
            }
            node.forget_payment(hash);
            node.send_payment(request).await
        }
    }

    pays_once_for_each_dropped_call is caught by a_send_that_is_dropped_midway_and_sent_again_pays_once {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let hash = request.payment_hash;
            if self.flag.swap(true, Ordering::Relaxed) {
                node.forget_payment(hash);
            }
            let sent = node.send_payment(request).await;
            // What was asked stays asked until the caller took the answer.
            node.info().await?;
            self.flag.store(false, Ordering::Relaxed);
            sent
        }
    }

    does_not_look_at_fee_limits is caught by a_fee_above_its_limit_is_never_paid {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            node.send_payment(PaymentRequest { fee_limit: Amount::MAX, ..request }).await
        }
    }

    pays_its_own_invoices is caught by an_own_invoice_is_never_paid {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            if let Some(Some(_)) = node.invoices(&[request.payment_hash]).await?.first() {
                node.pay_invoice(request.payment_hash);
            }
            node.send_payment(request).await
        }
    }

    pays_expired_invoices is caught by an_expired_invoice_is_refused_and_leaves_no_session {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let invoice = node.decode_invoice(&request.encoded).await?;
            node.publish(DecodedInvoice { expires_at: None, ..invoice });
            node.send_payment(request).await
        }
    }

    pays_what_it_is_told_and_not_what_is_asked is caught by an_amount_that_differs_from_the_invoice_is_refused {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let invoice = node.decode_invoice(&request.encoded).await?;
            node.publish(DecodedInvoice { amount: Some(request.amount), ..invoice });
            node.send_payment(request).await
        }
    }

    does_not_look_at_the_hash is caught by a_hash_that_differs_from_the_invoice_is_refused {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let payment_hash = node.decode_invoice(&request.encoded).await?.payment_hash;
            node.send_payment(PaymentRequest { payment_hash, ..request }).await
        }
    }

    pays_on_every_network is caught by an_invoice_of_another_network_is_never_paid {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            let invoice = node.decode_invoice(&request.encoded).await?;
            node.publish(DecodedInvoice { network: Network::Dev, ..invoice });
            node.send_payment(request).await
        }
    }

    gives_up_for_good_after_a_failure is caught by a_failed_payment_can_be_sent_again_in_a_later_session {
        async fn send(&self, node: &FakeNode, request: PaymentRequest) -> Sent {
            match node.payment(request.payment_hash).await? {
                Some(known) => Ok(known),
                None => node.send_payment(request).await,
            }
        }
    }

    keeps_the_time_of_the_first_session is caught by a_failed_payment_can_be_sent_again_in_a_later_session {
        async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
            let created_at = Timestamp::from_seconds(1_760_000_000);
            Ok(node.payment(hash).await?.map(|status| PaymentStatus { created_at, ..status }))
        }
    }

    does_not_know_what_is_under_way is caught by a_hanging_payment_stays_pending_when_its_invoices_time_is_over {
        async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
            Ok(node.payment(hash).await?.filter(|status| status.state != PaymentState::Pending))
        }
    }

    calls_failed_what_takes_long is caught by a_hanging_payment_comes_to_a_late_success {
        async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
            let failed = || PaymentState::Failed { reason: "timeout".to_owned() };
            Ok(node.payment(hash).await?.map(|status| match status.state {
                PaymentState::Pending => PaymentStatus { state: failed(), ..status },
                PaymentState::Succeeded { .. } | PaymentState::Failed { .. } => status,
            }))
        }
    }

    calls_pending_what_failed is caught by a_failed_payment_says_so_and_stays_failed {
        async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
            Ok(node.payment(hash).await?.map(|status| match status.state {
                PaymentState::Failed { .. } => PaymentStatus { state: PaymentState::Pending, ..status },
                PaymentState::Succeeded { .. } | PaymentState::Pending => status,
            }))
        }
    }

    tells_fees_in_another_unit is caught by a_payment_is_known_once_sent_and_succeeds_with_a_fee_within_its_limit {
        async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
            let fee = Amount::new(100_000_000);
            Ok(node.payment(hash).await?.map(|status| match status.state {
                PaymentState::Succeeded { .. } => {
                    PaymentStatus { state: PaymentState::Succeeded { fee }, ..status }
                }
                PaymentState::Failed { .. } | PaymentState::Pending => status,
            }))
        }
    }

    knows_every_payment is caught by a_payment_that_was_never_sent_is_unknown {
        async fn payment(&self, node: &FakeNode, hash: PaymentHash) -> Known {
            let created_at = Timestamp::from_seconds(1_760_000_000);
            let pending = PaymentStatus { created_at, state: PaymentState::Pending };
            Ok(Some(node.payment(hash).await?.unwrap_or(pending)))
        }
    }

    has_liquidity_of_everything is caught by an_unknown_asset_has_no_liquidity {
        async fn liquidity(&self, node: &FakeNode, _: &Asset) -> Result<Liquidity, NodeError> {
            node.liquidity(&Asset::ckb()).await
        }
    }

    has_no_liquidity is caught by there_is_liquidity_for_a_known_asset {
        async fn liquidity(&self, _: &FakeNode, _: &Asset) -> Result<Liquidity, NodeError> {
            Ok(Liquidity { outbound: Amount::ZERO, inbound: Amount::MAX })
        }
    }
}
