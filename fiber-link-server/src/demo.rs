//! `fiber-link demo`: a post to tip and a creator to pay out, in a browser, on one machine.

mod creator;
mod pages;
mod qr;
mod refusal;
mod tips;

use crate::service::{Service, ServiceError};
use crate::settings::Settings;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use fiber_link_core::simulated::SimulatedNode;
use fiber_link_core::{
    Amount, AppId, Asset, CreateAppError, FiberLink, NameError, NoRandomness, PostId, Secret, Store, UserId,
};
use refusal::Refusal;
use std::net::SocketAddr;
use std::sync::Arc;

/// The most bytes of a body: an invoice and a message, with room to spare.
const MOST_BYTES: usize = 16 * 1024;

/// What can be said to the demo alone.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct DemoFlags {
    /// Serve the demo on an address that other machines reach: whoever opens it can spend its
    /// (simulated) money.
    #[arg(long)]
    allow_remote: bool,
}

/// Why the demo did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The demo asks nobody who they are.
    #[error(
        "--listen: got {0}, allowed is an address of this machine alone such as 127.0.0.1:8080, since the \
         demo asks nobody who they are; --allow-remote serves it all the same"
    )]
    NotLoopback(SocketAddr),
    /// A demo pays its own tips.
    #[error("--node: a demo works with the simulated node alone")]
    RealNode,
    /// The service did not start, or ended.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The demo's app was not registered.
    #[error("cannot register the demo's app")]
    App(#[from] CreateAppError),
    /// No secret could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A name of the demo is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// What the handlers share.
#[derive(Clone)]
struct Demo {
    link: FiberLink,
    store: Arc<dyn Store>,
    node: Arc<SimulatedNode>,
    asset: Asset,
    app: AppId,
    post: PostId,
    reader: UserId,
    creator: UserId,
}

/// Serves the demo until the process is asked to end.
///
/// # Errors
/// [`DemoError`] says what was in the way.
pub async fn run(settings: Settings, flags: DemoFlags) -> Result<(), DemoError> {
    if !settings.listen.ip().is_loopback() && !flags.allow_remote {
        return Err(DemoError::NotLoopback(settings.listen));
    }
    let settings = settings.for_demo();
    if let Some(folder) = &settings.data {
        println!("The demo keeps its data in {}. Ctrl-C ends it.", folder.display());
    }
    let service = Service::open(settings).await?;
    let (link, store) = (service.link().clone(), service.store().clone());
    let node = service.simulated_node().cloned().ok_or(DemoError::RealNode)?;
    let demo = Demo::new(link, store, node)?;
    match demo.link.create_app(demo.app.clone(), Secret::random()?).await {
        Ok(_) | Err(CreateAppError::Exists(_)) => {}
        Err(
            error @ (CreateAppError::Denied(_)
            | CreateAppError::Store(_)
            | CreateAppError::NoRandomness(_)
            | CreateAppError::OtherKeys(_)),
        ) => return Err(error.into()),
    }
    Ok(service.run(router(demo)).await?)
}

fn router(demo: Demo) -> Router {
    Router::new()
        .route("/demo/post", get(tips::post))
        .route("/demo/tips", post(tips::create))
        .route("/demo/tip", get(tips::find))
        .route("/demo/qr", get(qr::draw))
        .route("/demo/wallet/pay", post(tips::pay))
        .route("/demo/wallet/invoice", post(creator::make_invoice))
        .route("/demo/creator", get(creator::show))
        .route("/demo/quote", post(creator::quote))
        .route("/demo/withdrawals", post(creator::withdraw))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(demo)
        .merge(pages::router())
}

impl Demo {
    fn new(link: FiberLink, store: Arc<dyn Store>, node: Arc<SimulatedNode>) -> Result<Self, NameError> {
        Ok(Self {
            link,
            store,
            node,
            asset: Asset::ckb(),
            app: AppId::new("demo")?,
            post: PostId::new("nine-months-on-two-aaa-cells")?,
            reader: UserId::new("Jonas")?,
            creator: UserId::new("Mira")?,
        })
    }

    fn read_amount(&self, text: &str) -> Result<Amount, Refusal> {
        let amount = self.asset.parse(text).map_err(|error| Refusal::field("amount", error.to_string()))?;
        if amount.is_zero() { Err(Refusal::field("amount", "must be greater than zero")) } else { Ok(amount) }
    }
}

#[cfg(test)]
mod tests;
