//! Who may call what. Opaque texts stand in for biscuit tokens; the rights are those of fnn.

use std::fmt;
use std::str::FromStr;

/// What a method does to its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A token and what it allows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    rights: String,
    secret: String,
}

/// A text that describes no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token is RIGHTS:TEXT; rights are modules with commas between them, each with .read or .write after \
     it for one of the two, such as `invoices,node.read:some-text`"
)]
pub struct InvalidToken;

/// Modules that have rights.
const MODULES: [&str; 8] =
    ["invoices", "payments", "node", "channels", "peers", "graph", "cch", "watchtower"];

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let (rights, secret) = text.split_once(':').ok_or(InvalidToken)?;
        let known = |right: &str| {
            let module =
                right.strip_suffix(".read").or_else(|| right.strip_suffix(".write")).unwrap_or(right);
            MODULES.contains(&module)
        };
        if secret.is_empty() || !rights.split(',').all(known) {
            return Err(InvalidToken);
        }
        Ok(Self { rights: rights.to_owned(), secret: secret.to_owned() })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("rights", &self.rights).finish_non_exhaustive()
    }
}

impl Token {
    /// Writing does not imply reading.
    fn allows(&self, module: &str, access: Access) -> bool {
        self.rights.split(',').any(|right| match right.strip_prefix(module) {
            Some("") => true,
            Some(".read") => access == Access::Read,
            Some(".write") => access == Access::Write,
            Some(_) | None => false,
        })
    }
}

/// The bearer of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bearer<'a> {
    /// This node asks nobody for a token.
    Anybody,
    /// Somebody with a token that this node knows.
    Known(&'a Token),
    /// Somebody without one.
    Nobody,
}

impl<'a> Bearer<'a> {
    /// `header` is that of authorization, and must be exactly `Bearer TEXT`.
    pub(super) fn of(tokens: &'a [Token], header: Option<&str>) -> Self {
        if tokens.is_empty() {
            return Self::Anybody;
        }
        let text = header.and_then(|header| header.strip_prefix("Bearer "));
        let known = tokens.iter().find(|token| Some(token.secret.as_str()) == text);
        known.map_or(Self::Nobody, Self::Known)
    }

    pub(super) fn may(self, module: &str, access: Access) -> bool {
        match self {
            Self::Anybody => true,
            Self::Known(token) => token.allows(module, access),
            Self::Nobody => false,
        }
    }

    /// The rights of the token, to count its calls by.
    pub(super) fn rights(self) -> Option<&'a str> {
        match self {
            Self::Known(token) => Some(&token.rights),
            Self::Anybody | Self::Nobody => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_allows_what_it_says_and_writing_is_not_reading() {
        let tokens: Vec<Token> =
            ["invoices,node.read:a", "payments.write:b:c"].iter().map(|text| text.parse().unwrap()).collect();
        let bearer = |header| Bearer::of(&tokens, header);
        assert!(bearer(Some("Bearer a")).may("invoices", Access::Read));
        assert!(bearer(Some("Bearer a")).may("invoices", Access::Write));
        assert!(bearer(Some("Bearer a")).may("node", Access::Read));
        assert!(!bearer(Some("Bearer a")).may("node", Access::Write));
        assert!(bearer(Some("Bearer b:c")).may("payments", Access::Write));
        assert!(!bearer(Some("Bearer b:c")).may("payments", Access::Read));
        for wrong in [None, Some("a"), Some("bearer a"), Some("Bearer  a"), Some("Basic a"), Some("Bearer x")]
        {
            assert!(!bearer(wrong).may("invoices", Access::Read), "{wrong:?}");
        }
        assert!(Bearer::of(&[], None).may("payments", Access::Write), "no tokens, no questions");
        for wrong in ["", "invoices", "invoices:", "gold:a", "invoices.own:a", "invoices,:a"] {
            assert_eq!(wrong.parse::<Token>(), Err(InvalidToken), "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains("\"a\""));
    }
}
