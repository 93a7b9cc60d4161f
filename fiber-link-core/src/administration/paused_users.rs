//! Users for whom something is stopped.

use super::{Administration, ReadError, paused_user_key, read_switches};
use crate::{Action, AppId, DocumentKind, DocumentQuery, StoreError, Switches, UserId};

impl Administration {
    /// Users of an app for whom something is stopped, by name, after `after`; at most `limit`. None where
    /// there is no such app.
    ///
    /// # Errors
    /// [`ReadError`] if they may not be shown, or the store failed.
    pub async fn paused_users(
        &self,
        id: &AppId,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<(UserId, Switches)>, ReadError> {
        self.authority.require(Action::ShowApp, Some(id))?;
        let after = after.map(|user| paused_user_key(id, user).name);
        let query = DocumentQuery { kind: DocumentKind::PausedUser, app: Some(id.clone()), after, limit };
        let mut users = Vec::new();
        for document in self.store.documents(query).await? {
            users.push((user_of(&document.key.name)?, read_switches(&document)?));
        }
        Ok(users)
    }
}

/// The user in the name of a document, which the app stands before.
fn user_of(name: &str) -> Result<UserId, StoreError> {
    let user = name.split_once('\n').and_then(|(_, user)| UserId::new(user).ok());
    user.ok_or_else(|| DocumentKind::PausedUser.corrupt(name, "its name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activity, MemoryStore, Operator, Reason, Secret};
    use std::sync::Arc;

    #[test]
    fn users_are_listed_while_something_is_stopped_for_them_app_by_app() {
        pollster::block_on(async {
            let operator = Operator { name: "ann".to_owned(), origin: "a test".to_owned() };
            let admin = Administration::new(Arc::new(MemoryStore::new()), operator);
            let why = Reason::new("why not").unwrap();
            let [forum, other] = ["forum", "forum2"].map(|id| AppId::new(id).unwrap());
            for id in [&forum, &other] {
                let secret = Secret::new(*b"a secret of the app");
                admin.create_app(id.clone(), "an app", &secret, &why).await.unwrap();
            }
            let user = |name: &str| UserId::new(name).unwrap();
            let tips = Switches { tips_paused: true, withdrawals_paused: false };
            for (app, name) in [(&forum, "carl"), (&forum, "ann"), (&other, "ben"), (&forum, "dora")] {
                admin.switch_user(app, &user(name), &[Activity::Tips], true, &why).await.unwrap();
            }
            admin.switch_user(&forum, &user("carl"), &[Activity::Tips], false, &why).await.unwrap();
            let all = admin.paused_users(&forum, None, 10).await.unwrap();
            assert_eq!(all, [(user("ann"), tips), (user("dora"), tips)]);
            assert_eq!(admin.paused_users(&forum, None, 1).await.unwrap(), all[..1]);
            assert_eq!(admin.paused_users(&forum, Some(&all[0].0), 10).await.unwrap(), all[1..]);
            let nobody = AppId::new("nobody").unwrap();
            assert_eq!(admin.paused_users(&nobody, None, 10).await.unwrap(), []);
        });
    }
}
