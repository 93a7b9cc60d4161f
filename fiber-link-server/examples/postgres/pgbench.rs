//! What `pgbench` makes of the inserts of a `tip.create`.

use super::hub::{Failure, fresh_schema};
use fiber_link_store_postgres::PoolSettings;
use std::io::ErrorKind;
use std::process::Command;
use tokio::runtime::Runtime;

/// The rows of one `tip.create`, in as many commits: the nonce, the tip before its invoice, and the
/// invoice, with the expected version, as the store does it. Ids rise with time; hashes are random.
/// What pgbench cannot count up itself is computed by the database, which costs it some microseconds.
const SCRIPT: &str = r"\set n :n + 1
INSERT INTO {schema}.nonces VALUES (sha256(int8send(:n) || int8send(:client_id)), now() + interval '11 minutes');
INSERT INTO {schema}.tips VALUES (encode(int8send(:n) || int8send(:client_id), 'hex')::uuid, 'bench',
    :client_id::text, 'u' || :client_id, 'c' || :client_id || '-' || (:n % 100), 'CKB', 150000000, 'thank you',
    false, sha256(int8send(:client_id) || int8send(:n)), date_trunc('milliseconds', now()), 'creating', 'open', NULL, 1,
    now() + interval '2 seconds', now(), NULL, NULL);
UPDATE {schema}.tips SET version = version + 1, state = 'unpaid', phase = 'open', ended_at = NULL,
    invoice_expires_at = now() + interval '1 hour', invoice = 'fibd1' || :client_id || 'q' || :n || repeat('q', {letters}),
    next_check_at = now() + interval '2 seconds', check_since = now()
    WHERE id = encode(int8send(:n) || int8send(:client_id), 'hex')::uuid AND version = 1;
";

/// So many letters of an invoice are the same in every one.
const LETTERS: &str = "400";

/// How many scripts a second `clients` ran, on tables that were empty, as prepared statements.
pub(crate) fn rate(runtime: &Runtime, url: &str, clients: usize, seconds: u64) -> Result<f64, Failure> {
    let schema = fresh_schema()?;
    runtime.block_on(async {
        let pool = PoolSettings::default().pool(url)?;
        schema.migrate(&pool).await?;
        pool.close().await;
        Ok::<_, Failure>(())
    })?;
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("tip.sql");
    let text = SCRIPT.replace("{schema}", schema.name()).replace("{letters}", LETTERS);
    std::fs::write(&script, text)?;
    let mut pgbench = Command::new("pgbench");
    pgbench.args(["--no-vacuum", "--protocol", "prepared", "--define", "n=0", "--jobs", "1"]);
    pgbench.args(["--client", &clients.to_string(), "--time", &seconds.to_string()]);
    let output = pgbench.arg("--file").arg(&script).arg(url).output().map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return Failure::from("pgbench is missing: install it, on Debian with the package postgresql");
        }
        error.into()
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    match rate {
        Some(rate) if output.status.success() => Ok(rate),
        Some(_) | None => Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}
