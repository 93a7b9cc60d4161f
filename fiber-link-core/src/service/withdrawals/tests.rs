use super::*;

/// Digests are stored: with another one for the same request a repeat would conflict after an upgrade.
#[test]
fn the_digest_of_a_withdrawal_stays_what_is_stored() {
    let plain = WithdrawalRequest {
        user: "9".parse().unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(6_000_000_000),
        destination: RequestedDestination::PaymentRequest("fibd1invoice".to_owned()),
        network_fee: None,
        idempotency_key: Some("key".parse().unwrap()),
    };
    let with_fee = WithdrawalRequest { network_fee: Some(Amount::new(60_000_000)), ..plain.clone() };
    for (request, digest) in [
        (plain, "0791ccce7b00e71afde32841c56fc16842bfba65489ec1f179181bac313256cc"),
        (with_fee, "273bbed8f4cb422067de6be8fbfeb44c4e3ebd4df3a945bc7e5373f9a0e24967"),
    ] {
        assert_eq!(hex::encode(request.digest().as_bytes()), digest, "{request:?}");
    }
}
