//! fnn's methods, the rights that they need, and who answers them.

use super::Shared;
use super::envelope::{Answer, Call, RpcError};
use super::tokens::{Access, Bearer};
use super::{channels, invoices, node_info, params, payments};
use fiber_link_core::NodeError;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The node says why.
    Rpc(RpcError),
    /// The node says nothing: it is down, or its answer is lost.
    NoAnswer,
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

impl Failure {
    /// The node's own refusal, which echoes the params.
    pub(super) fn node(message: impl Into<String>, params: &impl Serialize) -> Self {
        Self::Rpc(RpcError::node(message, params))
    }

    /// `error` in the words of fnn.
    pub(super) fn of(error: NodeError, params: &impl Serialize) -> Self {
        match error {
            NodeError::Refused { reason } | NodeError::InvalidInvoice { reason } => {
                Self::node(reason, params)
            }
            NodeError::InvoiceExists => Self::node("invoice already exists", params),
            NodeError::NoAnswer(_) | _ => Self::NoAnswer,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    NodeInfo,
    NewInvoice,
    ParseInvoice,
    GetInvoice,
    CancelInvoice,
    SettleInvoice,
    SendPayment,
    GetPayment,
    ListPayments,
    ListChannels,
    Subscribe,
    /// A method of a module that the stub does without.
    Missing,
}

/// A method that fnn has a rule for. What has no rule is unauthorized.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: &'static str,
    module: &'static str,
    access: Access,
    work: Work,
}

const fn method(name: &'static str, module: &'static str, access: Access, work: Work) -> Method {
    Method { name, module, access, work }
}

/// Called over a WebSocket alone.
pub(super) const SUBSCRIBE: &str = "subscribe_store_changes";

use Access::{Read, Write};

static METHODS: [Method; 36] = [
    method("node_info", "node", Read, Work::NodeInfo),
    method("new_invoice", "invoices", Write, Work::NewInvoice),
    method("parse_invoice", "invoices", Read, Work::ParseInvoice),
    method("get_invoice", "invoices", Read, Work::GetInvoice),
    method("cancel_invoice", "invoices", Write, Work::CancelInvoice),
    method("settle_invoice", "invoices", Write, Work::SettleInvoice),
    method("send_payment", "payments", Write, Work::SendPayment),
    method("get_payment", "payments", Read, Work::GetPayment),
    method("list_payments", "payments", Read, Work::ListPayments),
    method("list_channels", "channels", Read, Work::ListChannels),
    method(SUBSCRIBE, "cch", Read, Work::Subscribe),
    method("build_router", "payments", Read, Work::Missing),
    method("send_payment_with_router", "payments", Write, Work::Missing),
    method("open_channel", "channels", Write, Work::Missing),
    method("accept_channel", "channels", Write, Work::Missing),
    method("abandon_channel", "channels", Write, Work::Missing),
    method("shutdown_channel", "channels", Write, Work::Missing),
    method("update_channel", "channels", Write, Work::Missing),
    method("connect_peer", "peers", Write, Work::Missing),
    method("disconnect_peer", "peers", Write, Work::Missing),
    method("list_peers", "peers", Read, Work::Missing),
    method("graph_nodes", "graph", Read, Work::Missing),
    method("graph_channels", "graph", Read, Work::Missing),
    method("send_btc", "cch", Write, Work::Missing),
    method("receive_btc", "cch", Read, Work::Missing),
    method("get_cch_order", "cch", Read, Work::Missing),
    method("commitment_signed", "messages", Write, Work::Missing),
    method("add_tlc", "channels", Write, Work::Missing),
    method("remove_tlc", "channels", Write, Work::Missing),
    method("check_channel_shutdown", "channels", Write, Work::Missing),
    method("submit_commitment_transaction", "chain", Write, Work::Missing),
    method("pprof", "pprof", Write, Work::Missing),
    method("create_watch_channel", "watchtower", Write, Work::Missing),
    method("remove_watch_channel", "watchtower", Write, Work::Missing),
    method("update_revocation", "watchtower", Write, Work::Missing),
    method("remove_preimage", "watchtower", Write, Work::Missing),
];

/// The method of this name, if fnn has a rule for it.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// Whether `bearer` may call `method`; nobody may call what has no rule.
pub(super) fn allowed(bearer: Bearer<'_>, method: &str) -> bool {
    find(method).is_some_and(|method| bearer.may(method.module, method.access))
}

/// Does what was asked; `None` if the node says nothing.
pub(super) async fn answer(shared: &Shared, bearer: Bearer<'_>, call: Call) -> Option<Answer> {
    // Before the params are looked at.
    let outcome = if allowed(bearer, &call.method) {
        match carry_out(shared, &call).await {
            Ok(result) => Ok(result),
            Err(Failure::Rpc(error)) => Err(error),
            Err(Failure::NoAnswer) => return None,
        }
    } else {
        Err(RpcError::unauthorized())
    };
    Some(Answer { id: call.id, outcome })
}

async fn carry_out(shared: &Shared, call: &Call) -> Result<Value, Failure> {
    let given: Option<&RawValue> = call.params.as_deref();
    let node = &shared.node;
    match find(&call.method).map_or(Work::Missing, |method| method.work) {
        Work::NodeInfo => node_info::answer(shared).await,
        Work::NewInvoice => invoices::create(node, &params::read(given)?),
        Work::ParseInvoice => invoices::parse(&params::read(given)?),
        Work::GetInvoice => invoices::find(node, &params::read(given)?),
        Work::CancelInvoice => invoices::cancel(node, &params::read(given)?),
        Work::SettleInvoice => invoices::settle(node, &params::read(given)?),
        Work::SendPayment => payments::send(node, &params::read(given)?).await,
        Work::GetPayment => payments::find(node, &params::read(given)?),
        Work::ListPayments => payments::list(node, &params::read(given)?),
        Work::ListChannels => channels::list(node, &params::read(given)?).await,
        Work::Subscribe if shared.subscriptions() => Err(RpcError::internal().into()),
        Work::Subscribe | Work::Missing => Err(RpcError::method_not_found().into()),
    }
}
