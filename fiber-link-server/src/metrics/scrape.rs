//! What is looked up when somebody scrapes.

use super::totals::TotalsCache;
use crate::worker::{Trouble, WorkerHealth};
use fiber_link_core::{Amount, Clock, OpenWork, Timestamp};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The most assets that are told of: a ledger has a handful.
const MOST_ASSETS: usize = 64;

/// The passes of the worker of this process.
#[derive(Debug)]
pub(super) struct Passes(pub(super) Arc<OnceLock<WorkerHealth>>);

/// Open work and what all users have.
pub(super) struct TotalsGauges {
    pub(super) totals: Arc<TotalsCache>,
    pub(super) clock: Arc<dyn Clock>,
}

impl fmt::Debug for TotalsGauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TotalsGauges").finish_non_exhaustive()
    }
}

/// One gauge with a row for each set of labels.
fn gauges<'l, const N: usize, V: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl IntoIterator<Item = ([(&'l str, &'l str); N], V)>,
) -> fmt::Result {
    // As the registry does with what is registered.
    let help = format!("{help}.");
    let mut metric = encoder.encode_descriptor(name, &help, None, MetricType::Gauge)?;
    for (labels, value) in rows {
        if N == 0 {
            metric.encode_gauge(&value)?;
        } else {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
    }
    Ok(())
}

impl Collector for Passes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(worker) = self.0.get() else { return Ok(()) };
        let passes = worker.passes();
        gauges(
            &mut encoder,
            "pass_age_seconds",
            "How long ago a pass of this server began or ended",
            passes.map(|(pass, age, _)| ([("pass", pass)], age.as_secs_f64())),
        )?;
        let reasons = passes.into_iter().flat_map(|(pass, _, trouble)| {
            Trouble::ALL.map(|reason| {
                ([("pass", pass), ("reason", reason.as_str())], u64::from(trouble == Some(reason)))
            })
        });
        let help = "1 where the passes of this server are kept from their work, by what keeps them";
        gauges(&mut encoder, "passes_stopped", help, reasons)
    }
}

impl Collector for TotalsGauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let (newest, failures) = self.totals.newest();
        let failures = ConstCounter::new(failures);
        let help = "How often the store did not tell its totals when it was asked.";
        failures.encode(encoder.encode_descriptor(
            "totals_failures",
            help,
            None,
            failures.metric_type(),
        )?)?;
        let Some((age, totals)) = newest else { return Ok(()) };
        gauges(
            encoder,
            "totals_age_seconds",
            "How old the totals are: open work and balances; the store is asked every 15 seconds at most",
            [([], age.as_secs_f64())],
        )?;
        let now = self.clock.now();
        self.work(encoder, ["open_tips", "oldest_open_tip_age_seconds"], "tips", &totals.tips, now)?;
        let names = ["open_withdrawals", "oldest_open_withdrawal_age_seconds"];
        self.work(encoder, names, "withdrawals", &totals.withdrawals, now)?;
        let Some(balances) = &totals.balances else { return Ok(()) };
        let balances = balances.get(..MOST_ASSETS.min(balances.len())).unwrap_or_default();
        for (side, of) in [("available", 0), ("reserved", 1)] {
            let amount = |balance: &fiber_link_core::Balance| match of {
                0 => balance.available,
                _ => balance.reserved,
            };
            let rows =
                balances.iter().map(|(asset, balance)| ([("asset", asset.as_str())], units(amount(balance))));
            let help = format!("What all users have {side}, by asset, in base units");
            gauges(encoder, &format!("users_{side}_base_units"), &help, rows)?;
        }
        Ok(())
    }
}

impl TotalsGauges {
    fn work(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        [count, age]: [&str; 2],
        what: &str,
        work: &[OpenWork],
        now: Timestamp,
    ) -> fmt::Result {
        let help = format!("Open {what}, by state; of more than 10000 only about so many are counted");
        gauges(
            encoder,
            count,
            &help,
            work.iter().map(|work| ([("state", work.state)], u64::from(work.count))),
        )?;
        let help = format!("How long ago the oldest of the open {what} was created, by state");
        let seconds = |since: Duration| since.as_secs_f64();
        gauges(
            encoder,
            age,
            &help,
            work.iter().map(|work| ([("state", work.state)], seconds(now.since(work.oldest)))),
        )
    }
}

/// As Prometheus counts: to fifteen digits.
#[allow(clippy::cast_precision_loss, reason = "a gauge is no ledger")]
fn units(amount: Amount) -> f64 {
    amount.units() as f64
}
