//! Who may do what: roles, grants, and the one table of rights.

use crate::{AppId, Operator};
#[cfg(any(feature = "administrators", feature = "simulator"))]
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Names an administrator: a digest of his e-mail address, so that there is one for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AdministratorId([u8; 16]);

impl AdministratorId {
    /// That of the administrator with this address.
    #[cfg(any(feature = "administrators", feature = "simulator"))]
    pub(crate) fn of(email: &str) -> Self {
        let mut id = [0; 16];
        for (byte, digest) in id.iter_mut().zip(Sha256::digest(email.as_bytes())) {
            *byte = digest;
        }
        Self(id)
    }

    /// An id from its bytes.
    #[cfg(feature = "administrators")]
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[cfg(feature = "administrators")]
    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for AdministratorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The text is no id of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of an administrator has 32 hexadecimal digits")]
pub struct NoAdministratorId;

impl FromStr for AdministratorId {
    type Err = NoAdministratorId;

    fn from_str(text: &str) -> Result<Self, NoAdministratorId> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id).map_err(|_| NoAdministratorId)?;
        Ok(Self(id))
    }
}

/// What an administrator is, without where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// May do everything.
    SuperAdmin,
    /// Looks after an app.
    CommunityAdmin,
    /// Reads and changes nothing.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SuperAdmin, Self::CommunityAdmin, Self::Auditor];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "SUPER_ADMIN",
            Self::CommunityAdmin => "COMMUNITY_ADMIN",
            Self::Auditor => "AUDITOR",
        }
    }
}

/// A role together with where it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grant {
    /// Everything, everywhere.
    SuperAdmin,
    /// Looking after this app.
    CommunityAdmin(AppId),
    /// Reading what is of this app.
    AppAuditor(AppId),
    /// Reading everything.
    Auditor,
}

/// A role that is granted for the whole hub or for one app, where it is the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// A role that holds everywhere was granted for an app.
    #[error("SUPER_ADMIN holds for the whole hub, not for an app")]
    NotForAnApp,
    /// A role that holds for an app was granted for the whole hub.
    #[error("COMMUNITY_ADMIN is granted for an app, and none was named")]
    ForAnApp,
}

impl Grant {
    /// A role for an app, or for the whole hub.
    ///
    /// # Errors
    /// [`GrantError`] if the role is not granted so.
    pub fn new(role: Role, app: Option<AppId>) -> Result<Self, GrantError> {
        match (role, app) {
            (Role::SuperAdmin, None) => Ok(Self::SuperAdmin),
            (Role::SuperAdmin, Some(_)) => Err(GrantError::NotForAnApp),
            (Role::CommunityAdmin, Some(app)) => Ok(Self::CommunityAdmin(app)),
            (Role::CommunityAdmin, None) => Err(GrantError::ForAnApp),
            (Role::Auditor, Some(app)) => Ok(Self::AppAuditor(app)),
            (Role::Auditor, None) => Ok(Self::Auditor),
        }
    }

    /// The role.
    pub const fn role(&self) -> Role {
        match self {
            Self::SuperAdmin => Role::SuperAdmin,
            Self::CommunityAdmin(_) => Role::CommunityAdmin,
            Self::AppAuditor(_) | Self::Auditor => Role::Auditor,
        }
    }

    /// The app that it holds for; none where it holds for the whole hub.
    pub const fn app(&self) -> Option<&AppId> {
        match self {
            Self::CommunityAdmin(app) | Self::AppAuditor(app) => Some(app),
            Self::SuperAdmin | Self::Auditor => None,
        }
    }

    /// Whether it gives `right` where `app` is concerned, or the hub where none is named.
    fn gives(&self, right: Right, app: Option<&AppId>) -> bool {
        let here = self.app().is_none_or(|own| Some(own) == app);
        match (self.role(), right) {
            (Role::SuperAdmin, _) => true,
            (Role::CommunityAdmin, Right::ReadApp | Right::ChangeApp) => here,
            (Role::Auditor, Right::ReadApp) => here,
            (Role::Auditor, Right::ReadHub) => self.app().is_none(),
            (Role::CommunityAdmin, Right::ReadHub | Right::ChangeHub)
            | (Role::Auditor, Right::ChangeApp | Right::ChangeHub) => false,
            (Role::CommunityAdmin | Role::Auditor, Right::Anybody | Right::OwnAccount) => true,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.app() {
            Some(app) => write!(f, "{} of {app}", self.role().as_str()),
            None => f.write_str(self.role().as_str()),
        }
    }
}

/// What an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// To read what is of an app.
    ReadApp,
    /// To change what is of an app.
    ChangeApp,
    /// To read what is of the hub as a whole.
    ReadHub,
    /// To change what is of the hub as a whole, and which apps there are.
    ChangeHub,
    /// To be an administrator, whatever his grants.
    Anybody,
    /// To be logged in: a token is not enough.
    OwnAccount,
}

impl Right {
    /// Whether it is a right to change something of others.
    const fn changes(self) -> bool {
        match self {
            Self::ChangeApp | Self::ChangeHub => true,
            Self::ReadApp | Self::ReadHub | Self::Anybody | Self::OwnAccount => false,
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal needs $right:ident,)+) => {
        /// What operators and administrators do, by command or by request. Audit records name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)+ }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name, as audit records have it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The right that it needs. This is the only place that says so.
            pub const fn needs(self) -> Right {
                match self { $(Self::$name => Right::$right,)+ }
            }
        }
    };
}

actions! {
    /// To list the apps that one sees.
    ListApps = "app.list" needs Anybody,
    /// To see an app.
    ShowApp = "app.show" needs ReadApp,
    /// To register an app.
    CreateApp = "app.create" needs ChangeHub,
    /// To give an app a new secret.
    RotateSecret = "app.rotate" needs ChangeApp,
    /// To give an app a secret that it had elsewhere.
    AddSecret = "app.add_secret" needs ChangeHub,
    /// To end a secret of an app.
    RetireSecret = "app.retire_secret" needs ChangeApp,
    /// To stop activities of an app.
    PauseApp = "app.pause" needs ChangeApp,
    /// To let activities of an app go on.
    ResumeApp = "app.resume" needs ChangeApp,
    /// To close an app.
    CloseApp = "app.close" needs ChangeHub,
    /// To open a closed app.
    OpenApp = "app.open" needs ChangeHub,
    /// To see the switches of the hub.
    ShowHubSwitches = "hub.show" needs ReadHub,
    /// To stop activities of the hub.
    PauseHub = "hub.pause" needs ChangeHub,
    /// To let activities of the hub go on.
    ResumeHub = "hub.resume" needs ChangeHub,
    /// To stop activities of a user.
    PauseUser = "user.pause" needs ChangeApp,
    /// To let activities of a user go on.
    ResumeUser = "user.resume" needs ChangeApp,
    /// To seal secrets anew.
    Reseal = "secrets.reseal" needs ChangeHub,
    /// To see a policy, and what a change of it would do.
    ShowPolicy = "policy.show" needs ReadApp,
    /// To set a policy.
    SetPolicy = "policy.set" needs ChangeApp,
    /// To have people look at fewer withdrawals.
    WeakenReview = "policy.weaken_review" needs ChangeHub,
    /// To set who bears fees and how high they may be, which is the hub's money.
    SetFees = "policy.set_fees" needs ChangeHub,
    /// To see what awaits review.
    ListReviews = "review.list" needs ReadApp,
    /// To approve a withdrawal.
    ApproveWithdrawal = "review.approve" needs ChangeApp,
    /// To reject a withdrawal.
    RejectWithdrawal = "review.reject" needs ChangeApp,
    /// To list and find tips, withdrawals and entries, and to read the story of one.
    ReadMoney = "money.read" needs ReadApp,
    /// To read audit records that are about an app.
    ReadAuditRecords = "audit.read" needs ReadApp,
    /// To read audit records that are about the hub.
    ReadHubAuditRecords = "audit.read_hub" needs ReadHub,
    /// To agree that funds of a payment without an end are released.
    ReleaseWithdrawal = "withdrawal.release" needs ChangeHub,
    /// To make a node the one of the hub.
    AcceptNode = "node.accept" needs ChangeHub,
    /// To give the word that a server is gone for good.
    DeclareDead = "server.declare_dead" needs ChangeHub,
    /// To list administrators.
    ListAdministrators = "admin.list" needs ReadHub,
    /// To make somebody an administrator.
    CreateAdministrator = "admin.create" needs ChangeHub,
    /// To grant a role.
    GrantRole = "admin.grant" needs ChangeHub,
    /// To take a role back.
    RevokeRole = "admin.revoke" needs ChangeHub,
    /// To give an administrator a new password, without his codes, sessions and tokens.
    ResetAdministrator = "admin.reset" needs ChangeHub,
    /// To make a token for somebody else, which only the command line may.
    CreateTokenFor = "admin.token" needs ChangeHub,
    /// To log in.
    LogIn = "admin.log_in" needs Anybody,
    /// To log out.
    LogOut = "admin.log_out" needs Anybody,
    /// To see one's own account.
    ShowOwnAccount = "me.show" needs Anybody,
    /// To change one's own password.
    ChangeOwnPassword = "me.password" needs OwnAccount,
    /// To begin or end asking for codes at one's own log-in.
    ChangeOwnCodes = "me.codes" needs OwnAccount,
    /// To make a token of one's own.
    CreateToken = "me.token" needs OwnAccount,
    /// To end a token of one's own.
    RetireToken = "me.retire_token" needs OwnAccount,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a token may be used for: never more than its owner may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenScope {
    /// Whether it may change things.
    pub access: TokenAccess,
    /// The only app that it is for; none if it is for all of its owner's.
    pub app: Option<AppId>,
}

/// Whether a token may change things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAccess {
    /// It reads.
    Read,
    /// It reads and changes.
    Change,
}

impl TokenAccess {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
        }
    }
}

/// Who acts, and what he may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    operator: Operator,
    standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// Whoever reaches store and keys by himself may do everything, but is no proven person.
    Owner,
    /// An administrator who proved who he is.
    #[cfg_attr(
        not(any(feature = "administrators", feature = "simulator")),
        allow(dead_code, reason = "nobody proves it")
    )]
    Person { id: AdministratorId, grants: Vec<Grant>, scope: Option<TokenScope> },
}

/// Why something may not be done. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The role, or the scope of the token, does not allow it.
    #[error("your role does not allow {0}")]
    NotAllowed(Action),
    /// The app is none that he may know of: the answer is that there is no such app.
    #[error("there is no such app")]
    Hidden,
    /// It takes a person who proved who he is, and a command line alone does not.
    #[error("{0} takes an administrator: name a token of yours")]
    NoPerson(Action),
}

impl Authority {
    /// Whoever reaches the store by himself, such as the account at the command line.
    pub const fn owner(operator: Operator) -> Self {
        Self { operator, standing: Standing::Owner }
    }

    /// An administrator who proved who he is, by a session or a token.
    #[cfg(any(feature = "administrators", feature = "simulator"))]
    pub(crate) const fn person(
        operator: Operator,
        id: AdministratorId,
        grants: Vec<Grant>,
        scope: Option<TokenScope>,
    ) -> Self {
        Self { operator, standing: Standing::Person { id, grants, scope } }
    }

    /// Who acts, as audit records have it.
    pub const fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The administrator, if he proved who he is.
    pub const fn administrator(&self) -> Option<AdministratorId> {
        match &self.standing {
            Standing::Owner => None,
            Standing::Person { id, .. } => Some(*id),
        }
    }

    /// The administrator, for what takes one.
    ///
    /// # Errors
    /// [`Denied::NoPerson`] for anybody else.
    pub fn needed_administrator(&self, action: Action) -> Result<AdministratorId, Denied> {
        self.administrator().ok_or(Denied::NoPerson(action))
    }

    /// What his token may be used for; none for a session, and for whoever reaches the store by himself.
    pub const fn token_scope(&self) -> Option<&TokenScope> {
        match &self.standing {
            Standing::Owner => None,
            Standing::Person { scope, .. } => scope.as_ref(),
        }
    }

    /// Whether `action` may be done where `app` is concerned, or to the hub where none is named.
    ///
    /// # Errors
    /// [`Denied::Hidden`] for an app that he may not see, [`Denied::NotAllowed`] otherwise.
    pub fn require(&self, action: Action, app: Option<&AppId>) -> Result<(), Denied> {
        if let Some(app) = app
            && !self.sees(app)
        {
            return Err(Denied::Hidden);
        }
        if self.has(action.needs(), app) { Ok(()) } else { Err(Denied::NotAllowed(action)) }
    }

    /// Whether he may know that there is this app.
    pub fn sees(&self, app: &AppId) -> bool {
        self.has(Right::ReadApp, Some(app))
    }

    /// The apps that he may know of: some, or all where that is none.
    pub fn visible_apps(&self) -> Option<Vec<AppId>> {
        let (grants, scope) = match &self.standing {
            Standing::Owner => return None,
            Standing::Person { grants, scope, .. } => (grants, scope),
        };
        let only = scope.as_ref().and_then(|scope| scope.app.clone());
        if grants.iter().any(|grant| grant.app().is_none()) {
            return only.map(|app| vec![app]);
        }
        let granted = grants.iter().filter_map(|grant| grant.app().cloned());
        let mut apps: Vec<AppId> =
            granted.filter(|app| only.as_ref().is_none_or(|only| only == app)).collect();
        apps.sort_unstable();
        apps.dedup();
        Some(apps)
    }

    fn has(&self, right: Right, app: Option<&AppId>) -> bool {
        match &self.standing {
            // He has no account here.
            Standing::Owner => right != Right::OwnAccount,
            Standing::Person { grants, scope, .. } => {
                let granted = match right {
                    Right::Anybody | Right::OwnAccount => true,
                    Right::ReadApp | Right::ChangeApp | Right::ReadHub | Right::ChangeHub => {
                        grants.iter().any(|grant| grant.gives(right, app))
                    }
                };
                granted && scope.as_ref().is_none_or(|scope| scope.covers(right, app))
            }
        }
    }
}

impl TokenScope {
    /// A token for one app knows nothing of the hub, and none looks after its owner's account.
    fn covers(&self, right: Right, app: Option<&AppId>) -> bool {
        match right {
            Right::Anybody => true,
            Right::OwnAccount => false,
            Right::ReadApp | Right::ChangeApp | Right::ReadHub | Right::ChangeHub => {
                let here = self.app.as_ref().is_none_or(|own| Some(own) == app);
                here && (self.access == TokenAccess::Change || !right.changes())
            }
        }
    }
}

#[cfg(test)]
mod tests;
