//! The official wire types, of the oldest and the newest version that we know, as a second opinion:
//! they read what we ask, and read in the recorded answers what we read.

use super::recording::{exchanges, recorded_assets, recorded_udt};
use super::requests::{invoice_request, payment_request, sent};
use crate::fnn::answer;
use crate::fnn::call::Call;
use crate::fnn::envelope::{Reply, decode_one};
use crate::{
    Amount, Asset, AssetId, InvoiceRequest, InvoiceState, Network, PaymentHash, PaymentState, PaymentStatus,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

fn params<T: DeserializeOwned>(call: &Call) -> T {
    serde_json::from_value(sent(call)["params"][0].clone()).unwrap()
}

macro_rules! agrees_with_the_official_types {
    ($version:ident, $types:ident) => {
        mod $version {
            use super::*;
            use $types as official;

            #[test]
            fn our_requests_are_theirs() {
                let token = InvoiceRequest { asset: recorded_udt(), ..invoice_request() };
                let call = Call::new_invoice(Network::Testnet, token).unwrap();
                let read: official::NewInvoiceParams = params(&call);
                assert_eq!((read.amount, read.expiry), (100_000_000, Some(3600)));
                assert_eq!(read.currency, official::Currency::Fibt);
                assert_eq!(read.description.as_deref(), Some("tip for post #42"));
                assert_eq!(read.payment_preimage, Some(official::Hash256([0x54; 32])));
                assert_eq!(read.hash_algorithm, Some(official::HashAlgorithm::Sha256));
                let script = serde_json::to_value(read.udt_type_script).unwrap();
                assert_eq!(script, sent(&call)["params"][0]["udt_type_script"]);
                assert_eq!((read.payment_hash, read.allow_mpp, read.final_expiry_delta), (None, None, None));

                let read: official::SendPaymentCommandParams =
                    params(&Call::send_payment(payment_request(), Duration::from_secs(30)));
                assert_eq!(read.invoice.as_deref(), Some("fibd1…"));
                assert_eq!((read.max_fee_amount, read.max_fee_rate), (Some(1_000_000), Some(10)));
                assert_eq!((read.max_parts, read.timeout), (Some(1), Some(30)));
                assert_eq!((read.keysend, read.dry_run, read.allow_self_payment), (None, None, None));
                assert_eq!(read.payment_hash, Some(official::Hash256([1; 32])));
                assert_eq!((read.amount, read.target_pubkey.is_none()), (Some(100_000_000), true));

                let hash = PaymentHash::new([9; 32]);
                let read: official::InvoiceParams = params(&Call::Invoice(hash));
                assert_eq!(read.payment_hash.0, *hash.as_bytes());
                let read: official::GetPaymentCommandParams = params(&Call::Payment(hash));
                assert_eq!(read.payment_hash.0, *hash.as_bytes());
                let read: official::ParseInvoiceParams = params(&Call::parse_invoice("fibd1").unwrap());
                assert_eq!(read.invoice, "fibd1");
                let call = Call::ListPayments { after: Some(hash), limit: 100 };
                let read: official::ListPaymentsParams = params(&call);
                assert_eq!((read.after, read.limit), (Some(official::Hash256([9; 32])), Some(100)));
                assert!(read.status.is_none());
                let read: official::ListChannelsParams = params(&Call::ListChannels);
                assert!(read.pubkey.is_none() && read.include_closed.is_none());
                let read: official::ListChannelsParams = params(&Call::ListAllChannels);
                assert_eq!((read.pubkey.is_none(), read.include_closed), (true, Some(true)));
            }

            fn check_payment(status: &PaymentStatus, theirs: &official::GetPaymentCommandResult) {
                let state = match theirs.status {
                    official::PaymentStatus::Created | official::PaymentStatus::Inflight => {
                        PaymentState::Pending
                    }
                    official::PaymentStatus::Success => {
                        PaymentState::Succeeded { fee: Amount::try_from(theirs.fee).unwrap() }
                    }
                    official::PaymentStatus::Failed => {
                        PaymentState::Failed { reason: theirs.failed_error.clone().unwrap() }
                    }
                };
                assert_eq!(*status, PaymentStatus { created_at: status.created_at, state });
                assert_eq!(status.created_at.as_millis(), theirs.created_at);
            }

            fn state(theirs: official::CkbInvoiceStatus) -> InvoiceState {
                match theirs {
                    official::CkbInvoiceStatus::Open => InvoiceState::Open,
                    official::CkbInvoiceStatus::Cancelled => InvoiceState::Cancelled,
                    official::CkbInvoiceStatus::Expired => InvoiceState::Expired,
                    official::CkbInvoiceStatus::Received => InvoiceState::Received,
                    official::CkbInvoiceStatus::Paid => InvoiceState::Paid,
                }
            }

            fn sums(theirs: &official::ListChannelsResult, asset: &Asset) -> (u128, u128) {
                let usable = theirs.channels.iter().filter(|channel| {
                    channel.enabled
                        && matches!(channel.state, official::ChannelState::ChannelReady)
                        && channel.funding_udt_type_script.is_none() == (asset.id == AssetId::ckb())
                });
                usable.fold((0, 0), |(outbound, inbound), channel| {
                    let sendable = channel.local_balance - channel.offered_tlc_balance;
                    (outbound + sendable, inbound + channel.remote_balance - channel.received_tlc_balance)
                })
            }

            #[test]
            fn recorded_answers_mean_the_same_to_both() {
                let mut compared = 0;
                for (place, exchange) in exchanges() {
                    let Some(id) = exchange.id() else { continue };
                    let Ok(Ok(result)) = decode_one(exchange.response.as_bytes(), id) else { continue };
                    let reply: Reply = Ok(result.clone());
                    let assets = recorded_assets();
                    macro_rules! theirs {
                        ($name:ident) => {
                            serde_json::from_str::<official::$name>(result.get())
                                .unwrap_or_else(|error| panic!("{place}: {error}"))
                        };
                    }
                    match exchange.method.as_str() {
                        "node_info" => {
                            let (ours, theirs) =
                                (answer::node_info(reply, &assets).unwrap(), theirs!(NodeInfoResult));
                            assert_eq!(
                                (ours.version, *ours.key.as_bytes()),
                                (theirs.version, theirs.pubkey.0)
                            );
                        }
                        "new_invoice" => {
                            let theirs = theirs!(InvoiceResult);
                            let hash = PaymentHash::new(theirs.invoice.data.payment_hash.0);
                            // Of more than an amount can be.
                            if theirs.invoice.amount == Some(u128::MAX) {
                                continue;
                            }
                            let ours = answer::new_invoice(reply, hash, &assets).unwrap();
                            assert_eq!(ours.encoded, theirs.invoice_address);
                            assert_eq!(Some(ours.amount.units()), theirs.invoice.amount);
                        }
                        "get_invoice" | "cancel_invoice" => {
                            let theirs = theirs!(GetInvoiceResult);
                            let hash = PaymentHash::new(theirs.invoice.data.payment_hash.0);
                            let ours = answer::invoice(reply, hash, &assets).unwrap().unwrap();
                            assert_eq!(ours.state, state(theirs.status));
                            assert_eq!(ours.invoice.encoded, theirs.invoice_address);
                            assert_eq!(Some(ours.invoice.amount.units()), theirs.invoice.amount);
                        }
                        "parse_invoice" => {
                            let theirs = theirs!(ParseInvoiceResult).invoice;
                            let Ok(ours) = answer::parse_invoice(reply, &assets) else { continue };
                            assert_eq!(*ours.payment_hash.as_bytes(), theirs.data.payment_hash.0);
                            assert_eq!(ours.amount.map(Amount::units), theirs.amount);
                        }
                        "send_payment" | "get_payment" => {
                            let theirs = theirs!(GetPaymentCommandResult);
                            let hash = PaymentHash::new(theirs.payment_hash.0);
                            check_payment(&answer::payment(reply, hash).unwrap().unwrap(), &theirs);
                        }
                        "list_payments" => {
                            let theirs = theirs!(ListPaymentsResult);
                            let ours = answer::list_payments(reply).unwrap();
                            assert_eq!(ours.payments.len(), theirs.payments.len());
                            for ((_, ours), theirs) in ours.payments.iter().zip(&theirs.payments) {
                                check_payment(ours, theirs);
                            }
                            assert_eq!(
                                ours.next.map(|next| *next.as_bytes()),
                                theirs.last_cursor.map(|c| c.0)
                            );
                        }
                        "list_channels" => {
                            let theirs = theirs!(ListChannelsResult);
                            for asset in assets.iter() {
                                let ours = answer::liquidity(reply.clone(), asset).unwrap();
                                let ours = (ours.outbound.units(), ours.inbound.units());
                                assert_eq!(ours, sums(&theirs, asset), "{place}");
                            }
                        }
                        _ => continue,
                    }
                    compared += 1;
                }
                assert_eq!(compared, 510);
            }
        }
    };
}

agrees_with_the_official_types!(oldest, fiber_json_types_oldest);
agrees_with_the_official_types!(newest, fiber_json_types_newest);

/// What a newer node adds must not keep us from reading what we know, though it keeps the official
/// types of the older version from it.
#[test]
fn a_word_of_a_newer_node_is_passed_over() {
    let (place, exchange) = exchanges()
        .into_iter()
        .find(|(_, exchange)| {
            exchange.method == "list_channels" && exchange.response.contains("\"ChannelReady\"")
        })
        .unwrap();
    let stale = exchange.response.replacen("\"ChannelReady\"", "\"Stale\"", 1);
    let result = |body: &str| decode_one(body.as_bytes(), exchange.id().unwrap()).unwrap().unwrap();
    let total = |body: &str| answer::liquidity(Ok(result(body)), &Asset::ckb()).unwrap().outbound;
    assert!(total(&stale) < total(&exchange.response), "{place}");
    let read = serde_json::from_str::<fiber_json_types_oldest::ListChannelsResult>(result(&stale).get());
    assert!(read.is_err());
    let read = serde_json::from_str::<fiber_json_types_newest::ListChannelsResult>(result(&stale).get());
    assert!(read.is_ok());
}

/// The official types call every answer malformed that has an attribute, or a state, that they do not
/// know: settlement would stop for all tips because of one invoice.
#[test]
fn an_unknown_attribute_or_state_of_one_invoice_stops_nothing() {
    let (_, exchange) = exchanges()
        .into_iter()
        .find(|(_, exchange)| exchange.response.contains("\"status\": \"Paid\""))
        .unwrap();
    let newer = exchange.response.replace("\"attrs\": [", "\"attrs\": [{\"new\": {\"a\": 1}}, \"word\", ");
    let newer = newer.replace("\"status\": \"Paid\"", "\"status\": \"Settling\"");
    assert_ne!(newer, exchange.response);
    let result = decode_one(newer.as_bytes(), exchange.id().unwrap()).unwrap().unwrap();
    let value: Value = serde_json::from_str(result.get()).unwrap();
    let hash = value["invoice"]["data"]["payment_hash"].as_str().unwrap().parse().unwrap();
    assert!(serde_json::from_str::<fiber_json_types_newest::GetInvoiceResult>(result.get()).is_err());
    let status = answer::invoice(Ok(result), hash, &recorded_assets()).unwrap().unwrap();
    assert_eq!(status.state, InvoiceState::Received);
}
