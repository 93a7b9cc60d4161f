//! How many commits a second one file takes, each durable before it is answered.
//!
//! ```text
//! cargo run --release -p fiber-link-store-sqlite --example commits -- [CALLERS] [TIPS] [FILE]
//! ```
//! Each caller creates a tip under an idempotency key, then gives it its invoice: two commits.

use fiber_link_core::testing::sample::{self, change_set};
use fiber_link_core::{
    Clock, Due, IDEMPOTENCY_MEMORY, IdSource, IdempotencyRecord, IdempotencySubject, Invoice, Op,
    PaymentHash, RandomIds, Store, SystemClock, Timestamp, Tip, TipId, TipState, TipTerms, Version,
};
use fiber_link_store_sqlite::SqliteStore;
use pollster::block_on;
use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |argument| argument.parse::<u64>());
    let (callers, tips) = (number(32)?, number(100_000)?);
    let folder = tempfile::TempDir::new()?;
    let path = arguments.next().map_or_else(|| folder.path().join("commits.db"), PathBuf::from);
    let store = SqliteStore::open(&path, SystemClock.now())?;

    let started = SystemClock.now();
    let created = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| -> Outcome {
                    while created.fetch_add(1, Ordering::Relaxed) < tips {
                        block_on(create_tip(&store))?;
                    }
                    Ok(())
                })
            })
            .collect();
        callers.into_iter().try_for_each(|caller| caller.join().map_err(|_| "a caller panicked")?)
    })?;
    let millis = SystemClock.now().since(started).as_millis().max(1);
    let commits = u128::from(tips).saturating_mul(2);
    let rate = commits.saturating_mul(1000).checked_div(millis).unwrap_or(0);
    println!("{commits} commits by {callers} callers in {millis} ms: {rate} a second");
    print_memory();
    Ok(())
}

async fn create_tip(store: &SqliteStore) -> Outcome {
    let now = SystemClock.now();
    let id = TipId::from_uuid(RandomIds.next_id(now));
    let due = |now: Timestamp| Some(Due { at: now, since: now });
    let terms = TipTerms {
        from_user: sample::user(&format!("reader-{}", id.as_uuid().as_u128() % 10_000)),
        to_user: sample::user(&format!("creator-{}", id.as_uuid().as_u128() % 100)),
        ..sample::tip_terms()
    };
    let hash = RandomIds.next_id(now).as_u128().to_le_bytes();
    let mut payment_hash = [0; 32];
    payment_hash.iter_mut().zip(hash.iter().rev().chain(&hash)).for_each(|(to, from)| *to = *from);
    let tip = Tip::create(id, terms, PaymentHash::new(payment_hash), now);

    let record = IdempotencyRecord {
        scope: sample::idempotency_scope(&id.to_string()),
        subject: IdempotencySubject::Tip(id),
        expires_at: now.plus(IDEMPOTENCY_MEMORY),
        ..sample::idempotency_record(1)
    };
    let create = [Op::CreateTip { tip: tip.clone(), due: due(now) }, Op::Remember { record, now }];
    store.commit(change_set(create)).await?;

    let invoice = Invoice {
        encoded: format!("fibd1{}{}", tip.payment_hash(), "q".repeat(350)),
        ..sample::invoice_of(&tip)
    };
    let next = sample::tip_in(&tip, TipState::Unpaid { invoice });
    let update = Op::UpdateTip { next, expected: Version::FIRST, due: due(now) };
    Ok(store.commit(change_set([update])).await?)
}

fn print_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"))
        .for_each(|line| println!("{line}"));
}
