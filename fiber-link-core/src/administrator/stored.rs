//! An administrator as a store keeps him. Times are milliseconds since the epoch.

use super::{
    Administrator, Codes, CredentialDigest, Email, LogIns, PasswordHash, Session, Token, TokenScope,
};
use crate::{
    AdministratorId, AppId, Document, DocumentKey, DocumentKind, Grant, Role, StoreError, Stored, Timestamp,
    TokenAccess,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct StoredAdministrator {
    email: String,
    grants: Vec<StoredGrant>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    password: String,
    codes: StoredCodes,
    sessions: Vec<StoredSession>,
    tokens: Vec<StoredToken>,
    next_number: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    log_ins_since: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    log_ins: u32,
    created_at: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredGrant {
    role: String,
    app: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum StoredCodes {
    Off,
    Offered {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        secret: String,
    },
    On {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        secret: String,
        #[serde(default, skip_serializing_if = "is_default")]
        last_step: u64,
    },
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize, Deserialize)]
struct StoredSession {
    number: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    digest: String,
    origin: String,
    since: u64,
    used_at: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredToken {
    number: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    digest: String,
    name: String,
    changes: bool,
    app: Option<String>,
    since: u64,
    until: u64,
    used_at: Option<u64>,
}

impl Administrator {
    /// The key of his document.
    pub(crate) fn key(id: AdministratorId) -> DocumentKey {
        DocumentKey::new(DocumentKind::Administrator, id.to_string())
    }

    pub(crate) fn to_document(&self) -> Document {
        let body = serde_json::to_string(&StoredAdministrator::of(self)).unwrap_or_default();
        Document { key: Self::key(self.id()), app: None, body, expires_at: None }
    }

    pub(crate) fn from_document(document: Stored<Document>) -> Result<Stored<Self>, StoreError> {
        let version = document.version();
        let Document { key, body, .. } = document.into_inner();
        let name = &key.name;
        let stored: Option<StoredAdministrator> = serde_json::from_str(&body).ok();
        let administrator = stored.and_then(StoredAdministrator::administrator);
        let administrator = administrator.filter(|administrator| administrator.id().to_string() == *name);
        let administrator =
            administrator.ok_or_else(|| DocumentKind::Administrator.corrupt(name, "its JSON"))?;
        Ok(Stored::new(administrator, version))
    }

    /// What may be shown and kept of him: nothing that proves who he is, nor what was only tried.
    pub(crate) fn summary(&self) -> String {
        let mut stored = StoredAdministrator::of(self);
        stored.password = String::new();
        stored.codes = match stored.codes {
            StoredCodes::Off => StoredCodes::Off,
            StoredCodes::Offered { .. } => StoredCodes::Offered { secret: String::new() },
            StoredCodes::On { .. } => StoredCodes::On { secret: String::new(), last_step: 0 },
        };
        (stored.log_ins_since, stored.log_ins) = (0, 0);
        for session in &mut stored.sessions {
            session.digest = String::new();
        }
        for token in &mut stored.tokens {
            token.digest = String::new();
        }
        serde_json::to_string(&stored).unwrap_or_default()
    }
}

impl StoredAdministrator {
    fn of(administrator: &Administrator) -> Self {
        let grant = |grant: &Grant| StoredGrant {
            role: grant.role().as_str().to_owned(),
            app: grant.app().map(ToString::to_string),
        };
        let session = |session: &Session| StoredSession {
            number: session.number,
            digest: session.digest.to_text(),
            origin: session.origin.clone(),
            since: session.since.as_millis(),
            used_at: session.used_at.as_millis(),
        };
        let token = |token: &Token| StoredToken {
            number: token.number,
            digest: token.digest.to_text(),
            name: token.name.clone(),
            changes: token.scope.access == TokenAccess::Change,
            app: token.scope.app.as_ref().map(ToString::to_string),
            since: token.since.as_millis(),
            until: token.until.as_millis(),
            used_at: token.used_at.map(Timestamp::as_millis),
        };
        Self {
            email: administrator.email.to_string(),
            grants: administrator.grants.iter().map(grant).collect(),
            password: administrator.password.as_str().to_owned(),
            codes: match &administrator.codes {
                Codes::Off => StoredCodes::Off,
                Codes::Offered(secret) => StoredCodes::Offered { secret: secret.to_text() },
                Codes::On { secret, last_step } => {
                    StoredCodes::On { secret: secret.to_text(), last_step: *last_step }
                }
            },
            sessions: administrator.sessions.iter().map(session).collect(),
            tokens: administrator.tokens.iter().map(token).collect(),
            next_number: administrator.next_number,
            log_ins_since: administrator.log_ins.since.as_millis(),
            log_ins: administrator.log_ins.tries,
            created_at: administrator.created_at.as_millis(),
        }
    }

    fn administrator(self) -> Option<Administrator> {
        Some(Administrator {
            email: Email::new(&self.email).ok()?,
            grants: self.grants.into_iter().map(StoredGrant::grant).collect::<Option<_>>()?,
            password: PasswordHash::from_stored(&self.password),
            codes: match self.codes {
                StoredCodes::Off => Codes::Off,
                StoredCodes::Offered { secret } => Codes::Offered(secret.parse().ok()?),
                StoredCodes::On { secret, last_step } => {
                    Codes::On { secret: secret.parse().ok()?, last_step }
                }
            },
            sessions: self.sessions.into_iter().map(StoredSession::session).collect::<Option<_>>()?,
            tokens: self.tokens.into_iter().map(StoredToken::token).collect::<Option<_>>()?,
            next_number: self.next_number,
            log_ins: LogIns { since: Timestamp::from_millis(self.log_ins_since), tries: self.log_ins },
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

impl StoredGrant {
    fn grant(self) -> Option<Grant> {
        let role = Role::ALL.into_iter().find(|role| role.as_str() == self.role)?;
        let app = self.app.map(AppId::new).transpose().ok()?;
        Grant::new(role, app).ok()
    }
}

impl StoredSession {
    fn session(self) -> Option<Session> {
        Some(Session {
            number: self.number,
            digest: CredentialDigest::from_text(&self.digest)?,
            origin: self.origin,
            since: Timestamp::from_millis(self.since),
            used_at: Timestamp::from_millis(self.used_at),
        })
    }
}

impl StoredToken {
    fn token(self) -> Option<Token> {
        let access = if self.changes { TokenAccess::Change } else { TokenAccess::Read };
        Some(Token {
            number: self.number,
            digest: CredentialDigest::from_text(&self.digest)?,
            name: self.name,
            scope: TokenScope { access, app: self.app.map(AppId::new).transpose().ok()? },
            since: Timestamp::from_millis(self.since),
            until: Timestamp::from_millis(self.until),
            used_at: self.used_at.map(Timestamp::from_millis),
        })
    }
}
