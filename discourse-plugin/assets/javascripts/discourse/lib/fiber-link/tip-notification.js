import { i18n } from "discourse-i18n";
import amountOfAsset from "./amount-of-asset";
import ownPage from "./own-page";

// Tips for a post of one's own. Those that nobody has read yet are one notification:
// how many, how much in all, and who was the latest.
export default function tipNotification(NotificationTypeBase) {
  return class extends NotificationTypeBase {
    get icon() {
      return "bolt";
    }

    get label() {
      const { count, display_username } = this.notification.data;
      if (count > 1) {
        return i18n("fiber_link.notification.tips", { count });
      }
      return display_username
        ? super.label
        : i18n("fiber_link.wallet.somebody");
    }

    get description() {
      const { count, display_username, message } = this.notification.data;
      const values = { amount: this.#amount };
      if (count > 1) {
        return display_username
          ? i18n("fiber_link.notification.latest", {
              ...values,
              username: this.username,
            })
          : values.amount;
      }
      return message
        ? i18n("fiber_link.notification.tip_with_message", {
            ...values,
            message,
          })
        : i18n("fiber_link.notification.tip", values);
    }

    // A post that is gone or hidden has no link.
    get linkHref() {
      return super.linkHref ?? ownPage(this.currentUser);
    }

    get #amount() {
      return (this.notification.data.totals ?? [])
        .map(({ amount, asset }) => amountOfAsset(amount, asset))
        .join(", ");
    }
  };
}
