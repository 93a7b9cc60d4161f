import { i18n } from "discourse-i18n";
import amountOfAsset from "./amount-of-asset";
import ownPage from "./own-page";

const ICONS = { completed: "circle-check", paid_late: "circle-check" };

// How a withdrawal ended: it is paid, or the money is available again, or, rarely, both.
export default function withdrawalNotification(NotificationTypeBase) {
  return class extends NotificationTypeBase {
    get icon() {
      return ICONS[this.#kind] ?? "circle-xmark";
    }

    get label() {
      return i18n(`fiber_link.notification.withdrawal_${this.#kind}`);
    }

    get description() {
      const { amount, asset } = this.notification.data;
      const text = amountOfAsset(amount, asset);
      return this.#kind === "completed"
        ? text
        : i18n(`fiber_link.notification.withdrawal_${this.#kind}_next`, {
            amount: text,
          });
    }

    get linkHref() {
      return ownPage(this.currentUser);
    }

    get #kind() {
      const { kind } = this.notification.data;
      return Object.hasOwn(ICONS, kind) ? kind : "failed";
    }
  };
}
