//! Where the node is, what we may ask of it, and how patient we are.

use crate::{Assets, Network, Secret};
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What an [`FnnNode`](super::FnnNode) is made of.
#[derive(Clone, Debug)]
pub struct FnnOptions {
    /// Where the node answers JSON-RPC.
    pub url: NodeUrl,
    /// What we may ask, and with which tokens.
    pub access: Access,
    /// The network that the node is on.
    pub network: Network,
    /// The assets that we know. Invoices and channels of others are not ours.
    pub assets: Assets,
    /// How long a call may take in all, its waiting for a place included: 10 s by default. The right
    /// to send a payment must last at least three times as long.
    pub timeout: Duration,
    /// How long the way to the node may take to open: 3 s by default.
    pub connect_timeout: Duration,
    /// How long the node may be silent in the middle of a call: 5 s by default.
    pub read_timeout: Duration,
    /// How many questions about invoices may be on their way at a time, and as many about payments:
    /// 2 by default, from 1 to 1 024. What comes beyond them waits and then goes together.
    pub requests_at_a_time: usize,
    /// How many calls may wait for that: 1 000 by default. What comes beyond them fails at once.
    pub waiting_calls: usize,
    /// Whether the node is asked to tell of changes by itself.
    pub hints: Hints,
}

impl FnnOptions {
    /// A node that asks for no token, with CKB alone, and every other setting at its default.
    pub fn new(url: NodeUrl, network: Network) -> Self {
        Self {
            url,
            access: Access::Open,
            network,
            assets: Assets::default(),
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(5),
            requests_at_a_time: 2,
            waiting_calls: 1_000,
            hints: Hints::Auto,
        }
    }
}

/// What we may ask of the node.
///
/// The token for invoices needs the rights `read("node")`, `read("invoices")`, `write("invoices")`
/// and `read("channels")`; the one for payments `read("payments")` and `write("payments")`. To be
/// told of changes, the token for invoices needs one more: see [`Hints`].
#[derive(Clone, Debug)]
pub enum Access {
    /// The node asks for no token: whoever reaches it may do everything.
    Open,
    /// Tips alone: a call about payments is
    /// [refused](crate::NodeError::Refused) before anything is sent.
    Invoices(Token),
    /// Tips and payouts. The tokens never travel on the same connection.
    InvoicesAndPayments {
        /// Goes with every call that is not about payments.
        invoices: Token,
        /// Goes with calls about payments alone.
        payments: Token,
    },
}

/// Whether the node is asked, over a WebSocket, to tell of changes by itself.
///
/// The token for invoices goes with it, and the node's module `pubsub` must be on. The right that it
/// takes differs by the node's version: `read("cch")` or `internal("store_changes")`. Preimages pass
/// through that socket before their invoices are paid, so over a network that others can read it
/// must be encrypted.
#[derive(Clone, Debug)]
pub enum Hints {
    /// At the node's own address; a node that does not offer it is asked again from time to time.
    Auto,
    /// Never: tips are found by asking alone.
    Off,
    /// At this address; that the node does not offer it there is warned about.
    Url(NodeUrl),
}

/// A biscuit token. Prints as `[redacted]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(Secret);

/// Text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node token must be visible ASCII without spaces, and stand without \"Bearer\" before it")]
pub struct InvalidToken;

impl Token {
    /// Takes the token out of `text`, which may have white space around it, as a file does.
    ///
    /// # Errors
    /// [`InvalidToken`], which does not repeat the text.
    pub fn new(text: &str) -> Result<Self, InvalidToken> {
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidToken);
        }
        Ok(Self(Secret::new(token.as_bytes())))
    }

    /// The value of the header `Authorization`, which prints as `Sensitive`.
    pub(super) fn header(&self) -> Result<HeaderValue, InvalidToken> {
        let value = [b"Bearer ", self.0.expose()].concat();
        let mut header = HeaderValue::from_bytes(&value).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The address of a node: `http` or `https`, or for [`Hints`] also `ws` or `wss`, which mean the
/// same. Prints without path and query, in case a proxy takes them for a password.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeUrl(Url);

/// Why text is no address of a node. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeUrlError {
    /// It is no address at all.
    #[error("the node's address must be a URL such as \"http://127.0.0.1:8227\"")]
    Malformed,
    /// It is an address of something else.
    #[error("the node's address must begin with http:// or https://")]
    OtherScheme,
    /// It carries a name or a password, which would turn up wherever an address does.
    #[error("the node's address must not carry a name or a password: give the token apart")]
    Credentials,
}

impl NodeUrl {
    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether what is said there is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The same address for a WebSocket.
    pub(super) fn web_socket(&self) -> String {
        // Every address begins with http, so that ws stands for it.
        self.0.as_str().replacen("http", "ws", 1)
    }
}

impl FromStr for NodeUrl {
    type Err = NodeUrlError;

    fn from_str(text: &str) -> Result<Self, NodeUrlError> {
        let text = text.trim();
        let http = match text.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            Some(_) | None => text.to_owned(),
        };
        let url = Url::parse(&http).map_err(|_| NodeUrlError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            Err(NodeUrlError::OtherScheme)
        } else if !url.username().is_empty() || url.password().is_some() {
            Err(NodeUrlError::Credentials)
        } else {
            Ok(Self(url))
        }
    }
}

impl fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for NodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_of_its_file_and_not_printed() {
        let token = Token::new(" canary+/=\n").unwrap();
        let header = token.header().unwrap();
        assert_eq!(header.as_bytes(), b"Bearer canary+/=");
        assert_eq!(format!("{token:?} {header:?}"), "Token([redacted]) Sensitive");
        for bad in ["", " \n", "Bearer canary", "two\nlines", "can\u{e4}ry"] {
            assert_eq!(Token::new(bad), Err(InvalidToken), "{bad:?}");
        }
    }

    #[test]
    fn an_address_is_http_and_carries_no_password() {
        let parse = str::parse::<NodeUrl>;
        assert_eq!(parse("ftp://node"), Err(NodeUrlError::OtherScheme));
        assert_eq!(parse("node:8227"), Err(NodeUrlError::OtherScheme));
        assert_eq!(parse("127.0.0.1:8227"), Err(NodeUrlError::Malformed));
        for carries in ["http://ann:canary@node", "https://canary@node/", "wss://:canary@node"] {
            assert_eq!(parse(carries), Err(NodeUrlError::Credentials), "{carries}");
        }
    }

    #[test]
    fn an_address_prints_without_what_could_be_a_password() {
        let url: NodeUrl = "https://node.example:8227/canary?key=canary".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://node.example:8227 NodeUrl(https://node.example:8227)");
    }

    #[test]
    fn a_web_socket_is_at_the_same_address() {
        for (text, expected) in [
            ("http://127.0.0.1:8227", "ws://127.0.0.1:8227/"),
            ("https://http.example/http", "wss://http.example/http"),
            ("ws://127.0.0.1:8227/x", "ws://127.0.0.1:8227/x"),
            ("wss://node.example", "wss://node.example/"),
        ] {
            assert_eq!(text.parse::<NodeUrl>().unwrap().web_socket(), expected);
        }
    }
}
