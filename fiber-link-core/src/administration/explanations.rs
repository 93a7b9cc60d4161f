//! The story of one tip or withdrawal, put together from the store and the node.

use super::reviews::find_review;
use super::{Administration, ReadError, find_app, find_hub_switches, find_paused_user};
use crate::explanation::{self, WithdrawalFacts};
use crate::{
    Action, Activity, AppId, Assets, AuditFilter, Denied, EntryFilter, EntrySource, Explanation, FiberNode,
    MAX_ROWS, NumberedEntry, Paused, PausedScope, StoreError, Tip, TipId, TipLookup, UserId, Withdrawal,
    WithdrawalId, WithdrawalLookup,
};
use uuid::Uuid;

/// The most audit records that a story tells.
const MOST_RECORDS: u32 = 100;

impl Administration {
    /// The story of the tip or withdrawal of this id, with what `node` says about it now where there is
    /// one to ask; none if there is neither, or it may not be seen.
    ///
    /// # Errors
    /// [`ReadError`] if the store failed. A node that does not answer is a part of the story.
    pub async fn explain(
        &self,
        id: Uuid,
        node: Option<&dyn FiberNode>,
        assets: &Assets,
    ) -> Result<Option<Explanation>, ReadError> {
        if let Some(tip) = self.store.find_tip(TipLookup::Id(TipId::from_uuid(id))).await? {
            if !self.may_read(&tip.terms().app)? {
                return Ok(None);
            }
            return Ok(Some(self.explain_tip(&tip, node, assets).await?));
        }
        let lookup = WithdrawalLookup::Id(WithdrawalId::from_uuid(id));
        let Some(withdrawal) = self.store.find_withdrawal(lookup).await? else { return Ok(None) };
        if !self.may_read(&withdrawal.terms().app)? {
            return Ok(None);
        }
        Ok(Some(self.explain_withdrawal(&withdrawal, node, assets).await?))
    }

    fn may_read(&self, app: &AppId) -> Result<bool, Denied> {
        match self.authority.require(Action::ReadMoney, Some(app)) {
            Ok(()) => Ok(true),
            Err(Denied::Hidden) => Ok(false),
            Err(denied) => Err(denied),
        }
    }

    async fn explain_tip(
        &self,
        tip: &Tip,
        node: Option<&dyn FiberNode>,
        assets: &Assets,
    ) -> Result<Explanation, ReadError> {
        let entries = self.entries_of(&tip.terms().app, EntrySource::Tip(tip.id())).await?;
        let hash = tip.payment_hash();
        let invoice = match node {
            Some(node) => {
                Some(node.invoices(&[hash]).await.map(|answers| answers.into_iter().next().flatten()))
            }
            None => None,
        };
        Ok(explanation::of_tip(tip, &entries, invoice, assets))
    }

    async fn explain_withdrawal(
        &self,
        withdrawal: &Withdrawal,
        node: Option<&dyn FiberNode>,
        assets: &Assets,
    ) -> Result<Explanation, ReadError> {
        let terms = withdrawal.terms();
        let entries = self.entries_of(&terms.app, EntrySource::Withdrawal(withdrawal.id())).await?;
        let attempts = self.attempts(Some(&terms.app), withdrawal.id()).await?;
        let filter = AuditFilter {
            app: Some(terms.app.clone()),
            subject: Some(withdrawal.id().to_string()),
            ..AuditFilter::default()
        };
        let records = self.audit_records(&filter, None, MOST_RECORDS).await?.rows;
        let records: Vec<_> = records.into_iter().map(|numbered| numbered.record).collect();
        let review = find_review(&*self.store, withdrawal.id()).await?;
        let paused = self.find_pause_of_withdrawals(&terms.app, &terms.user).await?;
        let hash = withdrawal.payment_hash();
        let (payment, tlcs) = match node {
            Some(node) => (Some(node.payment(hash).await), Some(node.pending_tlcs(hash).await)),
            None => (None, None),
        };
        let facts = WithdrawalFacts {
            withdrawal,
            attempts: &attempts,
            entries: &entries,
            records: &records,
            review: review.as_deref(),
            paused,
            payment,
            tlcs,
            node_since: self.store.find_hub().await?.map(|hub| hub.node_since).unwrap_or_default(),
            now: self.clock.now(),
        };
        Ok(explanation::of_withdrawal(&facts, assets))
    }

    /// As they happened.
    async fn entries_of(&self, app: &AppId, source: EntrySource) -> Result<Vec<NumberedEntry>, ReadError> {
        let filter = EntryFilter { app: Some(app.clone()), source: Some(source), ..EntryFilter::default() };
        let mut rows = self.entries(&filter, None, MAX_ROWS).await?.rows;
        rows.reverse();
        Ok(rows)
    }

    async fn find_pause_of_withdrawals(
        &self,
        app: &AppId,
        user: &UserId,
    ) -> Result<Option<Paused>, StoreError> {
        let activity = Activity::Withdrawals;
        let pauses = |is: bool, scope| is.then_some(Paused { activity, scope });
        let hub = find_hub_switches(&*self.store).await?.is_some_and(|hub| hub.pauses(activity));
        let of_app = find_app(&*self.store, app).await?.is_some_and(|app| app.switches().pauses(activity));
        let of_user = find_paused_user(&*self.store, app, user).await?;
        let of_user = of_user.is_some_and(|(switches, _)| switches.pauses(activity));
        let paused = pauses(hub, PausedScope::Hub).or(pauses(of_app, PausedScope::App));
        Ok(paused.or(pauses(of_user, PausedScope::User)))
    }
}
