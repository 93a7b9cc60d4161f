import { i18n } from "discourse-i18n";

export default function amountOfAsset(amount, asset) {
  return i18n("fiber_link.amount.of_asset", { amount, asset });
}
