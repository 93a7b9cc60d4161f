import { i18n } from "discourse-i18n";

export default function amountOfAsset(amount, asset) {
  return i18n("fiber_link.wallet.amount_of_asset", { amount, asset });
}
