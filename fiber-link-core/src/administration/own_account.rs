//! What every administrator does for himself: password, codes and tokens.

use super::{Administration, AdministratorError};
use crate::administrator::new_codes;
use crate::{Action, Administrator, Credential, PasswordHash, PasswordProved, Purpose, Reason, TokenScope};
use std::time::Duration;

impl Administration {
    /// One's own account.
    ///
    /// # Errors
    /// [`AdministratorError::Denied`] at a command line, which has none.
    pub async fn own_account(&self) -> Result<Administrator, AdministratorError> {
        Ok(self.own(Action::ShowOwnAccount).await?.into_inner())
    }

    /// Another password, for whoever proved the old one. One is logged out everywhere, and one's tokens
    /// are over.
    ///
    /// # Errors
    /// [`AdministratorError::Wrong`] if what was proved is another's password, or not his any more.
    pub async fn change_own_password(
        &self,
        proved: &PasswordProved,
        password: PasswordHash,
    ) -> Result<Administrator, AdministratorError> {
        self.change_own(Action::ChangeOwnPassword, |own, _| match proved.is_of(own) {
            true => Ok(own.with_password(password.clone())),
            false => Err(AdministratorError::Wrong("password")),
        })
        .await
    }

    /// A new secret for codes, as the address that an app for codes reads: it is secret, and shown this
    /// once. Codes are asked for after [`confirm_codes`](Self::confirm_codes).
    ///
    /// # Errors
    /// [`AdministratorError::Wrong`] while codes are asked for already.
    pub async fn offer_codes(&self) -> Result<String, AdministratorError> {
        let own = self.own(Action::ChangeOwnCodes).await?;
        let (secret, address) = new_codes(&own.email)?;
        let sealed = self.keyring.seal(&secret, Purpose::Codes { administrator: own.id() })?;
        self.change_own(Action::ChangeOwnCodes, |own, _| match own.has_codes() {
            true => Err(AdministratorError::Wrong("request: codes are asked for already, end them first")),
            false => Ok(own.with_codes_offered(sealed.clone())),
        })
        .await?;
        Ok(address)
    }

    /// Asks for codes at each log-in from now on, once one of the new secret is shown.
    ///
    /// # Errors
    /// [`AdministratorError::Wrong`] if it is none.
    pub async fn confirm_codes(&self, code: &str) -> Result<Administrator, AdministratorError> {
        self.change_own(Action::ChangeOwnCodes, |own, now| {
            let next = own.with_codes_on(code, &self.keyring, now).map_err(AdministratorError::Sealed)?;
            next.ok_or(AdministratorError::Wrong("code"))
        })
        .await
    }

    /// Asks for codes no more, for whoever shows one.
    ///
    /// # Errors
    /// [`AdministratorError::Wrong`] if it is none, or was used before.
    pub async fn end_codes(&self, code: &str) -> Result<Administrator, AdministratorError> {
        self.change_own(Action::ChangeOwnCodes, |own, now| {
            let next = own.with_code_used(code, &self.keyring, now).map_err(AdministratorError::Sealed)?;
            Ok(next.ok_or(AdministratorError::Wrong("code"))?.without_codes())
        })
        .await
    }

    /// A token of one's own, which is shown this once.
    ///
    /// # Errors
    /// [`AdministratorError`] says why not.
    pub async fn create_token(
        &self,
        name: &str,
        scope: TokenScope,
        lasts: Duration,
    ) -> Result<(Credential, Administrator), AdministratorError> {
        let own = self.own(Action::CreateToken).await?;
        let reason = Reason::of_own_account();
        self.add_token(Action::CreateToken, &own.email, name, scope, lasts, &reason).await
    }

    /// Ends a token of one's own.
    ///
    /// # Errors
    /// [`AdministratorError::NoSuchToken`].
    pub async fn retire_token(&self, number: u32) -> Result<Administrator, AdministratorError> {
        self.change_own(Action::RetireToken, |own, _| {
            own.without_token(number).ok_or(AdministratorError::NoSuchToken(number))
        })
        .await
    }

    async fn change_own(
        &self,
        action: Action,
        change: impl Fn(&Administrator, crate::Timestamp) -> Result<Administrator, AdministratorError> + Send,
    ) -> Result<Administrator, AdministratorError> {
        let own = self.own(action).await?;
        self.change_administrator(action, &own.email, &Reason::of_own_account(), change).await
    }
}
