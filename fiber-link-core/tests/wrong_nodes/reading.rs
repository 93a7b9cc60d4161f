//! What can be wrong with how a node reads invoices.

use super::*;

wrong_nodes! {
    mixes_up_its_callers is caught by many_questions_at_once_get_their_own_answers {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            *self.text.lock().unwrap() = encoded.to_owned();
            node.info().await?;
            let last_asked = self.text.lock().unwrap().clone();
            node.decode_invoice(&last_asked).await
        }
    }

    reads_lower_case_alone is caught by an_invoice_is_read_in_upper_case_too {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            if encoded.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(NodeError::InvalidInvoice { reason: "upper case".to_owned() });
            }
            node.decode_invoice(encoded).await
        }
    }

    does_not_look_at_checksums is caught by a_changed_character_is_noticed {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            let read = node.decode_invoice(encoded).await;
            match read {
                Err(_) if encoded.len() > 40 => {
                    Ok(node.foreign_invoice(Amount::new(1), Timestamp::from_seconds(1 << 33)))
                }
                read => read,
            }
        }
    }

    refuses_garbage_in_other_words is caught by what_is_no_invoice_is_not_read {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            node.decode_invoice(encoded).await.map_err(|error| NodeError::NoAnswer(Box::new(error)))
        }
    }

    reads_every_network_as_its_own is caught by an_invoice_of_another_network_is_read_as_such {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            Ok(DecodedInvoice { network: Network::Dev, ..node.decode_invoice(encoded).await? })
        }
    }

    takes_every_token_for_ckb is caught by an_invoice_of_an_unknown_asset_is_read_as_such {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            Ok(DecodedInvoice { asset: Some(AssetId::ckb()), ..node.decode_invoice(encoded).await? })
        }
    }

    takes_no_amount_for_zero is caught by an_invoice_without_amount_is_read_as_such {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            let read = node.decode_invoice(encoded).await?;
            Ok(DecodedInvoice { amount: Some(read.amount.unwrap_or_default()), ..read })
        }
    }

    takes_no_expiry_for_an_hour is caught by an_invoice_without_expiry_is_read_as_such {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            let read = node.decode_invoice(encoded).await?;
            let hour = Timestamp::from_seconds(1_760_003_600);
            Ok(DecodedInvoice { expires_at: Some(read.expires_at.unwrap_or(hour)), ..read })
        }
    }

    does_not_name_the_payee is caught by an_invoice_is_the_one_that_was_asked_for {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            Ok(DecodedInvoice { payee: None, ..node.decode_invoice(encoded).await? })
        }
    }

    takes_itself_for_everybody is caught by an_invoice_of_somebody_else_is_read {
        async fn decode(&self, node: &FakeNode, encoded: &str) -> Read {
            let payee = Some(node.info().await?.key);
            Ok(DecodedInvoice { payee, ..node.decode_invoice(encoded).await? })
        }
    }
}
