//! The pages and what they load, all of it part of the program: the demo works without a network.

use axum::Router;
use axum::http::{HeaderName, header};
use axum::routing::{MethodRouter, get};

/// Nothing from anywhere else, and nothing inline.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
pub(super) const SVG: &str = "image/svg+xml";

pub(super) fn router() -> Router {
    Router::new()
        .route("/", file(HTML, include_str!("assets/post.html")))
        .route("/creator", file(HTML, include_str!("assets/creator.html")))
        .route("/demo/post.js", file(SCRIPT, include_str!("assets/post.js")))
        .route("/demo/creator.js", file(SCRIPT, include_str!("assets/creator.js")))
        .route("/demo/demo.js", file(SCRIPT, include_str!("assets/demo.js")))
        .route("/demo/style.css", file(STYLE, include_str!("assets/style.css")))
        .route("/demo/icon.svg", file(SVG, include_str!("assets/icon.svg")))
}

fn file(kind: &'static str, text: &'static str) -> MethodRouter {
    get(move || async move { (headers(kind), text) })
}

/// The headers of everything that a browser shows or runs.
pub(super) fn headers(kind: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ]
}
