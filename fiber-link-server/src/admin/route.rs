//! The table of routes: what each is about, and the right that it needs.

use super::call::{Answer, Call};
use super::error::ApiError;
use super::{
    account, administrators, apps, explanation, lists, log_in, policies, reviews, secrets, switches,
};
use fiber_link_core::Action;
use futures_util::future::BoxFuture;

/// One route.
pub(super) struct Route {
    /// How it is asked.
    pub(super) method: Method,
    /// Its path after `/admin/v1`; `{app}` in it is the app that it is about.
    pub(super) path: &'static str,
    /// What it does: the right that it needs follows from that.
    pub(super) action: Action,
    /// Carries it out.
    pub(super) handler: Handler,
}

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// It reads.
    Get,
    /// It changes.
    Post,
}

/// Who is let in to a route, and what he gets.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Whoever comes: it finds out who that is.
    LogIn,
    /// Administrators who may.
    Administrator(for<'a> fn(&'a mut Call<'_>) -> BoxFuture<'a, Result<Answer, ApiError>>),
}

impl Route {
    pub(super) fn changes(&self) -> bool {
        self.method == Method::Post
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $action:ident $handler:path;)+) => {
        &[$(Route {
            method: Method::$method,
            path: $path,
            action: Action::$action,
            handler: Handler::Administrator(|call| Box::pin($handler(call))),
        },)+
        Route { method: Method::Post, path: "/log-in", action: Action::LogIn, handler: Handler::LogIn }]
    };
}

/// All routes.
pub(super) const ROUTES: &[Route] = routes! {
    Post "/log-out" LogOut log_in::log_out;
    Get "/me" ShowOwnAccount account::show;
    Post "/me/password" ChangeOwnPassword account::change_password;
    Post "/me/codes" ChangeOwnCodes account::offer_codes;
    Post "/me/codes/confirm" ChangeOwnCodes account::confirm_codes;
    Post "/me/codes/end" ChangeOwnCodes account::end_codes;
    Post "/me/tokens" CreateToken account::create_token;
    Post "/me/tokens/{number}/retire" RetireToken account::retire_token;
    Get "/administrators" ListAdministrators administrators::list;
    Post "/administrators" CreateAdministrator administrators::create;
    Get "/administrators/{email}" ListAdministrators administrators::show;
    Post "/administrators/{email}/grant" GrantRole administrators::grant;
    Post "/administrators/{email}/revoke" RevokeRole administrators::revoke;
    Post "/administrators/{email}/reset" ResetAdministrator administrators::reset;
    Get "/apps" ListApps apps::list;
    Post "/apps" CreateApp apps::create;
    Get "/apps/{app}" ShowApp apps::show;
    Post "/apps/{app}/rotate" RotateSecret apps::rotate;
    Post "/apps/{app}/secrets/{number}/retire" RetireSecret apps::retire_secret;
    Post "/apps/{app}/pause" PauseApp apps::pause;
    Post "/apps/{app}/resume" ResumeApp apps::resume;
    Post "/apps/{app}/close" CloseApp apps::close;
    Get "/apps/{app}/paused-users" ShowApp switches::paused_users;
    Post "/apps/{app}/users/{user}/pause" PauseUser switches::pause_user;
    Post "/apps/{app}/users/{user}/resume" ResumeUser switches::resume_user;
    Get "/apps/{app}/policies/{asset}" ShowPolicy policies::show;
    Post "/apps/{app}/policies/{asset}" SetPolicy policies::change;
    Post "/apps/{app}/policies/{asset}/preview" ShowPolicy policies::preview;
    Get "/apps/{app}/policies/{asset}/versions" ShowPolicy policies::versions;
    Get "/apps/{app}/reviews" ListReviews reviews::list;
    Post "/withdrawals/{id}/approve" ApproveWithdrawal reviews::approve;
    Post "/withdrawals/{id}/reject" RejectWithdrawal reviews::reject;
    Post "/withdrawals/{id}/release" ReleaseWithdrawal reviews::release;
    Get "/switches" ShowHubSwitches switches::show;
    Post "/pause" PauseHub switches::pause;
    Post "/resume" ResumeHub switches::resume;
    Get "/tips" ReadMoney lists::tips;
    Get "/withdrawals" ReadMoney lists::withdrawals;
    Get "/entries" ReadMoney lists::entries;
    Get "/find" ReadMoney lists::find;
    Get "/explain/{id}" ReadMoney explanation::explain;
    Get "/audit-records" ReadAuditRecords lists::audit_records;
    Post "/secrets/reseal" Reseal secrets::reseal;
    Post "/secrets/backfill" AddSecret secrets::backfill;
};
