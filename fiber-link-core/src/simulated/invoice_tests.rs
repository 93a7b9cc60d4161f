use super::*;
use crate::AssetId;
use proptest::collection::vec;
use proptest::prelude::*;
use secp256k1::PublicKey;

const RECORDED_PAYEE: &str = "03032b99943822e721a651c5a5b9621043017daa9dc3ec81d83215fd2e25121187";

struct Recorded {
    what: &'static str,
    encoded: &'static str,
    payment_hash: &'static str,
    amount: u64,
    asset: &'static str,
    expires_at: Option<u64>,
}

/// Made by a node of version 0.8.0 on a development chain.
const RECORDED: [Recorded; 7] = [
    Recorded {
        what: "without expiry",
        encoded: "fibd1000000001p3pmcsal5qkgfw0pnm6vk2qna49xhr0pnvrck0y9h7uc0jpyp029e7f9s2hmx66lvqlpwm0ql2v5pwt7l6vdvc2dyvtrp0uz3awvf9v3k273ltdtt6xm4ru9tvug70wy7ksr30lg8vl7dtv6g3u55mn06u7q0etwjewqens7rxwkymwkd0esfewqfmlmuhzszns7c0r433sjtyw3w9vjkntkyzrmkgenm0nsasy57vxxxcf44ht2g5n3fqzx3820zf97lgz8jfr0lwzphnq890ddderwmjqpe4wuu9",
        payment_hash: "01d4c5b887c36929e16cc418091b968887e993025ef289b88f901e1affea02cc",
        amount: 100000000,
        asset: "CKB",
        expires_at: None,
    },
    Recorded {
        what: "with description and expiry",
        encoded: "fibd1000000001ph3pmc3p86xgfw0pnm6vk2gjzhue3hqs9xjaw09dscqcq7z2kd2u5cuf4a5078a0nn2aayxemsj8hx78lfnpunh8rs45s0t53g6j78336kjvjspfd7h8s6kmkkfm00jc4w5yu05nj3rtzxfxevg2pc43msdwgvvsd9lfzz45f2rvv5k55h4wfhkua2x8ta82pn8m9cfh4phn7nt64eknj60tf8qq0d26v84vuk4tywuqqxgpdhyrg7cdrvgr552w30q9dasa84qry445fuwt9t5kuzj2umpuh79xt384vs29gsm7h47r68dha8pe56c3e9nvgm7zapxapr0wds3cq3553gp",
        payment_hash: "a683bdcad82e1334b877114565c56bc7390cf256ca10e5d1a27689ccaebcb3c9",
        amount: 100000000,
        asset: "CKB",
        expires_at: Some(1795345981864),
    },
    Recorded {
        what: "under our preimage, sha256",
        encoded: "fibd1000000001p5902zhcvajgfw0pnm6vk25s030ncgmxw7etqmfn7luvnhrmy4n7qq8qyzyssc6prfnp6nr5f959l5gw0vz4ackx4f5q23se4m8m0pp970xv8he0fs0tgkd6p4rs3tghpt2y04x54f7eqc5wdj0g5c05gq4xlg874em23d4vqx7slwmaqx2a9q5v7k4ppvf7uyqysn9erq5qqfhnnv34gpclyeee89e4w9sxzvxklrgc6w6s3kkx0j6fvv30rd4fytvkfwek2syvujzav8f7c0neymxqfkal2av6w5vlwjh5dhxlfqrspqafyas",
        payment_hash: "539648ef6e20c0436dab065b8a137364d50ffa51a5f0864ef1f477694ff9c877",
        amount: 100000000,
        asset: "CKB",
        expires_at: Some(1795345981867),
    },
    Recorded {
        what: "in several parts",
        encoded: "fibd1000000001p654d226qhzgfw0pnm6vktydg3qecxpll7jaw0y7dhrmttltcpags35sanarg8t5fvg67fefxn8q4at922ujm8p2kd20q986de6m5d2tjayq86vuhkfkps5t7c4ulyyxszz2tp4ydpctrqt0kcc9pe7unpcvczhlq0qpd0p08hn4y3m8p555hsmmndt9wc49fzenjzsmqq64th0g7adlpf3lcmgasf3st3uxcjldykqfvuh9nwpmqtdw7kwtsjst9vnwcq9ywfzxckd2q6mf4acstmay2f449r4wsn45ejy88wswmzmmlrypkxnwa7gnfvgjj70aczcz3xtrwy62cge2cx5makl28s59t7h7vdu0aedgmqnmvwagplf4zfp",
        payment_hash: "66affd49ec8db23bb331b9be96bc138f55a80f42612fa00a8b00add99f5330b1",
        amount: 100000000,
        asset: "CKB",
        expires_at: Some(1795345981871),
    },
    Recorded {
        what: "with a fallback address",
        encoded: "fibd1000000001pphes47fyecqzg7dwfhddwcypsr6trpck3u2szyzxgtum7jc0hgu4s3tds3tyqqzuq6t07yf9m7s5zkys4wfwpqdxf5kzyxnk4c9u7mhtye60zwej0h32wq85hvh23z98duqcqk22cukuc0fz9w43puv34ekwxpaprfankn9jlpk6q934a025l2c85nunjl6zf9rcc940tll7zkuygmdymgq7t9uy8u0exx5muamckmu5kmvyn5ze68gyeq5h86ep9gla978nvad90xu2mqsa3pxxynxxqcl2nux97gm9ulg745h8d2jng2uc46x09lw498eaa8xufv4tdvmzpr7ep3rh8wjr4y9ww207u5snz202ykvyt2062k8efaa528dhhg0y04u3x76gzmxu509pzpx5jdxmm93fzf6lanes2ftsvjx6rv9pdjgnlzegd8x3kd05z2g73ulfyqphtk6he",
        payment_hash: "4ab9401a74cad240a966da903594b1a6cc70d20caf6c4be4059141c600a8a887",
        amount: 100000000,
        asset: "CKB",
        expires_at: Some(1795345981879),
    },
    Recorded {
        what: "with a description in UTF-8",
        encoded: "fibd1000000001ph9rtj3ey6jgfw0pnm6vkvs9k24w7mcs9xjaw0zpwmtxve227qns6l073r5633h4sfnw88rh2wuf9d55g5ggy7mmz4gjx7grs86m29yazx2s2x0hn8ynaljf02gvqca7nn006c7qcu8aq2xxk7u8qm8jedmdx0m3ge0aremsnl4vtvvmmrw0jxhfyr8d6tlh8d8ah89cd3vmz6rmsrl9usaww4v6qc236880kyzcqrvhxn2dlwjrzs7c954797tcmse08807he3fcugz6r6jkfrxhzyh5s5zcmw23f2z5nqxhrg0f9mw9ark6x7575ydl0uhl9y5rmvz6vpyl2qaqy26mrr3nksplaktq6",
        payment_hash: "f9226dc7aef85c154a099af04d74bff2a4df2f9ac094539f6095bd3768723dae",
        amount: 100000000,
        asset: "CKB",
        expires_at: None,
    },
    Recorded {
        what: "for a token",
        encoded: "fibd10001pl5p06qmgjxgfw0pnm6vkajtxqfugrx53ez86v97fjd03fkuw46e07yq6ehe27lenyerg8rj8lmz22exy5s59txtm76xe4h4llhel39g2fgdy2atr8g4k4678zq6tc4t7x59svhe8sstvwqav9e3dtwkl54e5us7m4m82k2f0qahaqus8va7e9sktgr2lcrwhhusfhxyumh555lvnhgy6xct8zrq7le0mwvz5j3tekfhycty5hud6pvmlmp46s6t6dkt76rhhlh4g3r8gkgp9l78l8th3qnq0va2f3qh6mdn4myd74u399epyyc36sjt2ap2euh6s4agqy6aluwddardf8g9q4re92as44m7y2c7mhg06ejqe9uzh8ksl967nejr2990kh60txxn9axg97rdzysxwdzhx8un2jd740cn3v7lv7wgp6y3aqy",
        payment_hash: "ed96c76a2fca10089076a2f396f0165207d8b20f6dd7adff1ae06a54f2a1d401",
        amount: 1000,
        asset: "TOKEN",
        expires_at: Some(1795346132546),
    },
];

fn token() -> Asset {
    let code_hash = "e1e354d6d643ad42724d40967e334984534e0367405c5ae42a9d7d63d77df419";
    Asset {
        id: AssetId::new("TOKEN").unwrap(),
        decimals: 8,
        kind: AssetKind::Udt(TypeScript {
            code_hash: hex::decode(code_hash).unwrap().try_into().unwrap(),
            hash_type: ScriptHashType::Data2,
            args: hex::decode("32e555f3ff8e135cece1351a6a2971518392c1e30375c1e006ad0ce8eac07947").unwrap(),
        }),
    }
}

fn assets() -> Assets {
    Assets::new([Asset::ckb(), token()]).unwrap()
}

fn payee() -> Keypair {
    Keypair::from_seckey_slice(SECP256K1, &[7; 32]).unwrap()
}

fn terms(asset: &Asset) -> InvoiceTerms<'_> {
    InvoiceTerms {
        network: Network::Dev,
        asset,
        amount: Amount::new(6_100_000_000),
        payment_hash: PaymentHash::new([9; 32]),
        created_at: Timestamp::from_millis(1_760_000_000_123),
        expiry: Some(Duration::from_secs(3600)),
        final_expiry_delta: FINAL_EXPIRY_DELTA_MILLIS,
        hash_algorithm: Some(HashAlgorithm::Sha256),
        description: "tip for post #42 ✓",
    }
}

#[test]
fn recorded_invoices_of_a_real_node_are_read() {
    for recorded in RECORDED {
        for text in [recorded.encoded.to_owned(), recorded.encoded.to_uppercase()] {
            let invoice = decode(&text, &assets()).unwrap();
            let expected = DecodedInvoice {
                payment_hash: recorded.payment_hash.parse().unwrap(),
                network: Network::Dev,
                asset: Some(AssetId::new(recorded.asset).unwrap()),
                amount: Some(Amount::new(recorded.amount)),
                expires_at: recorded.expires_at.map(Timestamp::from_millis),
                payee: Some(NodeKey::new(hex::decode(RECORDED_PAYEE).unwrap().try_into().unwrap())),
            };
            assert_eq!(invoice, expected, "{}", recorded.what);
        }
    }
}

#[test]
fn a_token_that_is_not_ours_has_no_asset() {
    let recorded = RECORDED.last().unwrap();
    assert_eq!(decode(recorded.encoded, &Assets::default()).unwrap().asset, None);
}

#[test]
fn an_invoice_is_what_the_official_way_makes_and_is_read_back() {
    let key = payee();
    for asset in [Asset::ckb(), token()] {
        for network in [Network::Dev, Network::Testnet] {
            for description in ["", "tip", &"é".repeat(319)] {
                let terms = InvoiceTerms { network, description, ..terms(&asset) };
                let encoded = terms.encode(&key).unwrap();

                let mut official = terms.unsigned(&key);
                official
                    .update_signature(|message| SECP256K1.sign_ecdsa_recoverable(message, &key.secret_key()))
                    .unwrap();
                assert_eq!(encoded, official.to_string());

                let parsed: CkbInvoice = encoded.parse().unwrap();
                assert_eq!(parsed.recover_payee_pub_key(), Ok(PublicKey::from(key)));
                assert_eq!(parsed.hash_algorithm(), Some(&HashAlgorithm::Sha256));
                assert_eq!(parsed.description().map_or("", String::as_str), description);
                assert_eq!(parsed.final_tlc_minimum_expiry_delta(), Some(&9_600_000));

                let expected = DecodedInvoice {
                    payment_hash: terms.payment_hash,
                    network,
                    asset: Some(asset.id.clone()),
                    amount: Some(terms.amount),
                    expires_at: Some(terms.expires_at()),
                    payee: Some(NodeKey::new(key.public_key().serialize())),
                };
                assert_eq!(decode(&encoded, &assets()).unwrap(), expected);
            }
        }
    }
}

#[test]
fn parts_of_seconds_do_not_count_towards_the_expiry() {
    let ckb = Asset::ckb();
    let terms = InvoiceTerms { expiry: Some(Duration::from_millis(1_999)), ..terms(&ckb) };
    let read = decode(&terms.encode(&payee()).unwrap(), &assets()).unwrap();
    assert_eq!(read.expires_at, Some(Timestamp::from_millis(1_760_000_001_123)));
    assert_eq!(read.expires_at, Some(terms.expires_at()));
}

#[test]
fn an_unsigned_invoice_and_one_signed_by_another_are_refused() {
    let ckb = Asset::ckb();
    let unsigned = terms(&ckb).unsigned(&payee());
    assert_invalid(&unsigned.to_string());

    let mut forged = unsigned;
    let other = Keypair::from_seckey_slice(SECP256K1, &[8; 32]).unwrap();
    let _ = forged.update_signature(|message| SECP256K1.sign_ecdsa_recoverable(message, &other.secret_key()));
    assert!(forged.is_signed());
    assert_invalid(&forged.to_string());
}

#[test]
fn texts_that_are_nearly_invoices_are_refused() {
    let valid = RECORDED[0].encoded;
    for text in ["", "1", "fibd1", "fibd", "lnbc1", "ckt1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthy"] {
        assert_invalid(text);
    }
    assert_invalid(&format!("{valid}q"));
    assert_invalid(&format!("{valid} "));
    assert_invalid(&format!("x{valid}"));
    assert_invalid(&valid.replacen("fibd", "fibx", 1));
    assert_invalid(&valid.repeat(20));
    assert_invalid(&"1".repeat(4096));
    assert_invalid(&bech32m("fibd99999999999999999999999999999999999999", &[1; 300]));
    // Data as long as a signature and marked as signed: the official parser panics on it.
    assert_invalid(&bech32m("fibd", &[1; SIGNATURE_U5_SIZE]));
    assert_invalid(&bech32m("fibd", &[1; SIGNATURE_U5_SIZE + 1]));
}

fn assert_invalid(text: &str) {
    let answer = decode(text, &assets());
    assert!(matches!(answer, Err(NodeError::InvalidInvoice { .. })), "{text:.60}: {answer:?}");
}

fn bech32m(prefix: &str, data: &[u8]) -> String {
    let data: Vec<_> = data.iter().map(|byte| bech32::u5::try_from_u8(byte & 31).unwrap()).collect();
    bech32::encode(prefix, data, Variant::Bech32m).unwrap()
}

/// A valid invoice with some of its data replaced, under a checksum that is right again.
fn mutated(index: usize, changes: &[(prop::sample::Index, u8)], cut: usize) -> String {
    let (prefix, data, _) = bech32::decode(RECORDED[index].encoded).unwrap();
    let mut data: Vec<u8> = data.iter().map(|five| five.to_u8()).collect();
    for (at, value) in changes {
        let at = at.index(data.len());
        data[at] = *value;
    }
    data.drain(1..cut.clamp(1, data.len()));
    bech32m(&prefix, &data)
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in ".{0,300}") {
        assert_invalid(&text);
    }

    #[test]
    fn no_text_that_begins_like_an_invoice_makes_reading_panic(
        text in "(fib[bdt]|FIBD)[0-9]{0,44}1[a-z0-9]{0,600}",
    ) {
        assert_invalid(&text);
    }

    #[test]
    fn no_data_under_a_right_checksum_makes_reading_panic(
        prefix in "fib[bdt](0|[1-9][0-9]{0,38})?",
        signed in 0u8..=1,
        data in vec(0u8..32, 0..700),
    ) {
        let data: Vec<u8> = std::iter::once(signed).chain(data).collect();
        assert_invalid(&bech32m(&prefix, &data));
    }

    #[test]
    fn a_changed_character_is_noticed(
        index in 0..RECORDED.len(),
        at in any::<prop::sample::Index>(),
        to in "[ -~]",
    ) {
        let mut text = RECORDED[index].encoded.to_owned();
        let at = at.index(text.len());
        text.replace_range(at..=at, &to);
        if text != RECORDED[index].encoded {
            assert_invalid(&text);
        }
    }

    #[test]
    fn changed_data_under_a_right_checksum_never_panics_and_never_keeps_the_payee(
        index in 0..RECORDED.len(),
        changes in vec((any::<prop::sample::Index>(), 0u8..32), 1..8),
        cut in 1usize..200,
    ) {
        let text = mutated(index, &changes, cut);
        let _ = describe_invoice(&text);
        if text != RECORDED[index].encoded
            && let Ok(read) = decode(&text, &assets())
        {
            let honest = decode(RECORDED[index].encoded, &assets()).unwrap();
            prop_assert!(read == honest || read.payee != honest.payee);
        }
    }
    #[test]
    fn an_invoice_of_any_terms_is_read_back_and_written_in_one_way_alone(
        units in 0..=Amount::MAX.units(),
        hash: [u8; 32],
        created_at: u64,
        expiry in prop::option::of(any::<u32>()),
        final_expiry_delta: u64,
        description in "\\PC{0,100}",
        network in prop::sample::select(Network::ALL.to_vec()),
        of_token: bool,
        sha256: bool,
        at in any::<prop::sample::Index>(),
    ) {
        let asset = if of_token { token() } else { Asset::ckb() };
        let terms = InvoiceTerms {
            network,
            asset: &asset,
            amount: Amount::try_from(units).unwrap(),
            payment_hash: PaymentHash::new(hash),
            created_at: Timestamp::from_millis(created_at),
            expiry: expiry.map(|seconds| Duration::from_secs(seconds.into())),
            final_expiry_delta,
            hash_algorithm: sha256.then_some(HashAlgorithm::Sha256),
            description: &description,
        };
        let encoded = terms.encode(&payee()).unwrap();
        let read = decode(&encoded, &assets()).unwrap();
        let expected = DecodedInvoice {
            payment_hash: terms.payment_hash,
            network,
            asset: Some(asset.id.clone()),
            amount: Some(terms.amount),
            expires_at: terms.expiry.map(|_| terms.expires_at()),
            payee: Some(NodeKey::new(payee().public_key().serialize())),
        };
        prop_assert_eq!(&read, &expected);
        prop_assert_eq!(decode(&encoded.to_uppercase(), &assets()).unwrap(), expected);
        prop_assert!(describe_invoice(&encoded).is_ok());
        // A letter in capitals among small ones, and a letter more or less at either end.
        let at = at.index(encoded.len());
        let mixed: String = encoded.char_indices().map(|(i, c)| if i == at { c.to_ascii_uppercase() } else { c }).collect();
        if mixed != encoded {
            assert_invalid(&mixed);
        }
        for other in [format!("{encoded}q"), format!("q{encoded}"), encoded[1..].to_owned(), encoded[..encoded.len() - 1].to_owned()] {
            assert_invalid(&other);
        }
    }
}

#[test]
fn a_long_text_is_no_invoice() {
    for piece in ["1", "q", "fibd1", "é", "\u{0}", RECORDED[0].encoded] {
        let long = piece.repeat(4_000_000 / piece.len());
        assert_invalid(&long);
        assert!(describe_invoice(&long).is_err());
    }
}
