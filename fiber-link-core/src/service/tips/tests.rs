use super::*;

/// Digests are stored: with another one for the same request a repeat would conflict after an upgrade.
#[test]
fn the_digest_of_a_tip_stays_what_is_stored() {
    let plain = TipRequest {
        post: "42".parse().unwrap(),
        from_user: "7".parse().unwrap(),
        to_user: "9".parse().unwrap(),
        asset: AssetId::ckb(),
        amount: Amount::new(6_100_000_000),
        message: Some("Thank you!".to_owned()),
        anonymous: false,
        idempotency_key: Some("key".parse().unwrap()),
    };
    let anonymous = TipRequest { anonymous: true, ..plain.clone() };
    for (request, digest) in [
        (plain, "fa70b3216b9e0f828f8bdbfe69e088f624ca99e611221e56cefc99247fc3419b"),
        (anonymous, "5d49faa74a6b17adbb627a07a48b519204e97e8c5816b534a7b946013093d4e0"),
    ] {
        assert_eq!(hex::encode(request.digest().as_bytes()), digest, "{request:?}");
    }
}
