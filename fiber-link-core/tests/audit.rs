//! The audit against a store whose balances are wrong.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected stops there")]

use fiber_link_core::{
    Amount, AppId, AssetId, Balance, BalanceQuery, Entry, EntryKind, EntryQuery, EntrySource, Finding,
    NumberedEntry, PaymentHash, PostId, Stored, Timestamp, Tip, TipId, TipQuery, TipState, TipTerms,
    UserAccount, UserId, Version, audit, testing::MockStore,
};

const NOW: Timestamp = Timestamp::from_seconds(1_760_000_000);

fn account() -> UserAccount {
    UserAccount {
        app: AppId::new("forum").unwrap(),
        user: UserId::new("ben").unwrap(),
        asset: AssetId::ckb(),
    }
}

fn settled_tip(id: TipId) -> Tip {
    let (UserAccount { app, user, asset }, payment_hash) = (account(), PaymentHash::new([1; 32]));
    let amount = Amount::new(1_000);
    let invoice = fiber_link_core::Invoice {
        encoded: "invoice".into(),
        payment_hash,
        asset: asset.clone(),
        amount,
        expires_at: NOW,
    };
    let (post, from_user) = (PostId::new("42").unwrap(), UserId::new("ann").unwrap());
    let terms =
        TipTerms { app, post, from_user, to_user: user, asset, amount, message: None, anonymous: false };
    Tip::restore(id, terms, payment_hash, NOW, TipState::Settled { invoice, at: NOW })
}

/// A store with one settled tip of 1 000 and its entry, that says the creator has `available`.
fn store_that_says(available: u64) -> MockStore {
    let id: TipId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
    let source = EntrySource::Tip(id);
    let entry = Entry {
        source,
        kind: EntryKind::TipSettled,
        account: account(),
        amount: Amount::new(1_000),
        at: NOW,
    };
    let stored = Balance { available: Amount::new(available), reserved: Amount::ZERO };

    let mut store = MockStore::new();
    store.expect_entries().returning(move |query| {
        let of_all = match query {
            EntryQuery::All { after, .. } | EntryQuery::Account { after, .. } => after == 0,
            EntryQuery::Of(asked) => asked == source,
            EntryQuery::Newest { .. } => unreachable!("the audit goes forwards"),
        };
        Ok(of_all.then(|| NumberedEntry { number: 1, entry: entry.clone() }).into_iter().collect())
    });
    store.expect_find_tip().returning(move |_| Ok(Some(Stored::new(settled_tip(id), Version::FIRST))));
    store.expect_tips().returning(move |query| {
        let first = matches!(query, TipQuery::All { after: None, .. });
        Ok(first.then(|| Stored::new(settled_tip(id), Version::FIRST)).into_iter().collect())
    });
    store.expect_withdrawals().returning(|_| Ok(Vec::new()));
    store.expect_balance().returning(move |_| Ok(stored));
    store.expect_balances().returning(move |query| {
        let first = matches!(query, BalanceQuery::All { after: None, .. });
        Ok(first.then(|| (account(), stored)).into_iter().collect())
    });
    store
}

#[pollster::test]
async fn a_balance_that_is_not_the_sum_of_its_entries_is_found() {
    let report = audit(&store_that_says(2_000)).await.unwrap();
    let stored = Balance { available: Amount::new(2_000), reserved: Amount::ZERO };
    assert_eq!(report.findings, [Finding::Balance { account: account(), stored, entries: (1_000, 0) }]);
}

#[pollster::test]
async fn the_same_store_with_the_right_balance_is_sound() {
    assert_eq!(audit(&store_that_says(1_000)).await.unwrap().findings, []);
}
