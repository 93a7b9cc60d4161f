import { userPath } from "discourse/lib/url";
import { i18n } from "discourse-i18n";
import amountOfAsset from "./amount-of-asset";

// Tips for one's post: who tipped, how much and with which words; those that came close
// together are one notification.
export function tipNotification(NotificationTypeBase) {
  return class extends NotificationTypeBase {
    get icon() {
      return "bolt";
    }

    get label() {
      const { count } = this.notification.data;
      if (count > 1) {
        return i18n("fiber_link.notification.tips", { count });
      }
      return this.notification.data.display_username
        ? super.label
        : i18n("fiber_link.wallet.somebody");
    }

    get description() {
      const { amount, asset, message } = this.notification.data;
      const values = { amount: amountOfAsset(amount, asset) };
      return message
        ? i18n("fiber_link.notification.tip_with_message", {
            ...values,
            message,
          })
        : i18n("fiber_link.notification.tip", values);
    }

    get linkHref() {
      return super.linkHref ?? ownPage(this.currentUser);
    }
  };
}

// How a withdrawal ended.
export function withdrawalNotification(NotificationTypeBase) {
  return class extends NotificationTypeBase {
    get icon() {
      return this.#failed ? "circle-xmark" : "circle-check";
    }

    get label() {
      return i18n(
        this.#failed
          ? "fiber_link.notification.withdrawal_failed"
          : "fiber_link.notification.withdrawal_completed"
      );
    }

    get description() {
      const { amount, asset } = this.notification.data;
      const text = amountOfAsset(amount, asset);
      return this.#failed
        ? i18n("fiber_link.notification.withdrawal_failed_next", {
            amount: text,
          })
        : text;
    }

    get linkHref() {
      return ownPage(this.currentUser);
    }

    get #failed() {
      return this.notification.data.state !== "completed";
    }
  };
}

function ownPage(user) {
  return userPath(`${user.username_lower}/fiber-link`);
}
